"""Which layers a family of backends has words for, known before any framework is imported."""

from __future__ import annotations

from typing import Any, Optional

from runner.networks.layers import Layer
from runner.networks.network import Network


class UntranslatedError(TypeError):
    """A layer that a tool has no translation of; ``supports`` would have said so."""

    def __init__(self, tool: str, layer: Layer) -> None:
        super().__init__(f"{tool} has no translation of the layer {type(layer).__name__}")


def missing(tool: str, network: Network, translate: Any) -> Optional[str]:
    """``None``, or a line that names the first layer that ``translate`` has no function for.

    Args:
        tool: what users call it.
        network: the layers to translate.
        translate: made by ``functools.singledispatch``; its own body is for what it cannot.
    """
    for layer in network.layers:
        if translate.dispatch(type(layer)) is translate.dispatch(object):
            return str(UntranslatedError(tool, layer))
    return None
