"""What TensorFlow really ran: the operations of its graphs after they were optimised."""

from __future__ import annotations

from typing import Any, Callable, Set


def gone_through(call: Callable[[], Any]) -> Set[str]:
    """The names of the operations and functions that ``call`` went through.

    TensorFlow chooses between two LSTMs, cuDNN's among them, when it optimises a graph: its own
    tests look there as well.
    """
    from tensorflow.python.eager import context

    live = context.context()
    live.enable_run_metadata()
    try:
        call()
        told = live.export_run_metadata()
    finally:
        live.disable_run_metadata()
    found: Set[str] = set()
    for graphs in told.function_graphs:
        for graph in (graphs.post_optimization_graph, *graphs.partition_graphs):
            for node in graph.node:
                found.add(node.op)
                if "f" in node.attr:
                    found.add(node.attr["f"].func.name)
    return found
