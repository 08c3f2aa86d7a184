"""Which layers a family of backends has words for, known before any framework is imported."""

from __future__ import annotations

from typing import Any, Optional

from runner.networks.layers import Layer
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


class UntranslatedError(TypeError):
    """A layer that a tool has no translation of; ``supports`` would have said so."""

    def __init__(self, tool: str, layer: Layer) -> None:
        super().__init__(f"{tool} has no translation of the layer {type(layer).__name__}")


def network_of(workload: Workload) -> NetworkWorkload:
    """The workload, whose model is a network.

    Raises:
        TypeError: it is none; ``supports`` would have said so.
    """
    if not isinstance(workload, NetworkWorkload):
        raise TypeError(_no_network(workload))
    return workload


def missing(tool: str, workload: Workload, translate: Any) -> Optional[str]:
    """``None``, or a line that names the first leaf that ``translate`` has no function for.

    Args:
        tool: what users call it.
        workload: whose layers are to be translated.
        translate: made by ``functools.singledispatch``; its own body is for what it cannot.
    """
    if not isinstance(workload, NetworkWorkload):
        return f"{tool} trains networks: {_no_network(workload)}"
    for layer, _ in workload.network.leaves():
        if translate.dispatch(type(layer)) is translate.dispatch(object):
            return str(UntranslatedError(tool, layer))
    return None


def _no_network(workload: Workload) -> str:
    return f"the model of {workload.name} is none"
