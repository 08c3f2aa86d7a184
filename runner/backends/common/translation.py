"""Which layers a family of backends has words for, known before any framework is imported."""

from __future__ import annotations

from typing import Any, Optional, Tuple, Type, Union

from runner.networks.layers import Layer
from runner.networks.optimizers import Optimizer
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


class UntranslatedError(TypeError):
    """A layer or optimizer that a tool has no translation of; ``supports`` would have said so."""

    def __init__(self, tool: str, part: Union[Layer, Optimizer]) -> None:
        kind = "layer" if isinstance(part, Layer) else "optimizer"
        super().__init__(f"{tool} has no translation of the {kind} {type(part).__name__}")


def network_of(workload: Workload) -> NetworkWorkload:
    """The workload, whose model is a network.

    Raises:
        TypeError: it is none; ``supports`` would have said so.
    """
    if not isinstance(workload, NetworkWorkload):
        raise TypeError(_no_network(workload))
    return workload


def missing(
    tool: str,
    workload: Workload,
    translate: Any,
    optimizers: Any,
    lacks: Tuple[Type[Layer], ...] = (),
) -> Optional[str]:
    """``None``, or a line that names the first part of a network that has no translation.

    Args:
        tool: what users call it.
        workload: whose layers are to be translated.
        translate: of layers, made by ``functools.singledispatch``; its own body is for what it
            cannot.
        optimizers: the same of optimizers.
        lacks: layers that are translated for another release of the tool only.
    """
    if not isinstance(workload, (NetworkWorkload, GameWorkload)):
        return f"{tool} trains networks: {_no_network(workload)}"
    parts = [(layer, translate) for layer, _ in workload.network.leaves()]
    for part, known in (*parts, (workload.recipe.optimizer, optimizers)):
        if isinstance(part, lacks) or known.dispatch(type(part)) is known.dispatch(object):
            return str(UntranslatedError(tool, part))
    return None


def _no_network(workload: Workload) -> str:
    return f"the model of {workload.name} is none"
