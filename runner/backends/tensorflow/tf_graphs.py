"""What TensorFlow really ran: the operations of its graphs after they were optimised."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict, Optional, Set

_PRODUCTS = (
    "MatMul", "BatchMatMul", "Einsum", "Conv2D", "DepthwiseConv2dNative", "CudnnRNN",
)  # fmt: skip
"""How the names of operations begin that are products, forward and back."""


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


def formats(
    step: Callable[[Any], Any], inputs: Any, labels: Any, device: Optional[str] = None
) -> Dict[str, int]:
    """Products of a training step on a pair as it is traced, by the type of their factors.

    Functions that the graph calls count once. Nothing is computed. With ``device`` those that the
    graph leaves to it, or to any.
    """
    import tensorflow as tf

    pair = tf.convert_to_tensor(inputs), tf.convert_to_tensor(labels)
    graph = tf.function(step).get_concrete_function(pair).graph.as_graph_def()
    nodes = list(graph.node)
    for function in graph.library.function:
        nodes += function.node_def
    products = [
        node
        for node in nodes
        if node.op.startswith(_PRODUCTS) and (not node.device or device in (None, node.device))
    ]
    return dict(Counter(_factors(tf, node.attr) for node in products))


def _factors(tf: Any, attributes: Any) -> str:
    """Most operations have one type; a product of a batch's matrices has one for each factor."""
    names = ("T",) if "T" in attributes else ("Ta", "Tb")
    types = {tf.dtypes.as_dtype(attributes[name].type).name for name in names}
    return " by ".join(sorted(types))
