"""Layers as modules of PyTorch, and the function that each layer registers its own with."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Iterator, Sequence

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Layer, Shape
from runner.networks.layers.layer import along


def sequence(nn: Any, layers: Sequence[Layer], inputs: Shape) -> Any:
    """Layers one after the other; the softmax of a network's last layer is in the loss.

    Args:
        nn: ``torch.nn``.
        layers: what to translate.
        inputs: the shape of one sample, channels last as networks state it.
    """
    pairs = along(layers, inputs)
    return nn.Sequential(
        *(module for layer, shape in pairs for module in modules(layer, nn, shape))
    )


@singledispatch
def modules(layer: Layer, nn: Any, inputs: Shape) -> Iterator[Any]:
    """A layer as modules of ``torch.nn``; its parameters are in the order of its weights.

    Args:
        layer: what to translate.
        nn: ``torch.nn``.
        inputs: the shape of one sample, channels last as networks state it.
    """
    del nn, inputs
    raise UntranslatedError("PyTorch", layer)


def activation(nn: Any, name: str) -> Iterator[Any]:
    """An activation as no module or one."""
    # Softmax is in the loss, as PyTorch's users have it.
    yield from {"linear": [], "relu": [nn.ReLU()], "softmax": []}[name]
