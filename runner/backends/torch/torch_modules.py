"""Layers as modules of PyTorch, and the function that each layer registers its own with."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Iterator, List, Sequence

from runner.backends.common import padded
from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Layer, Shape


def sequence(nn: Any, layers: Sequence[Layer], inputs: Shape) -> Any:
    """Layers one after the other; the softmax of a network's last layer is in the loss.

    Args:
        nn: ``torch.nn``.
        layers: what to translate.
        inputs: the shape of one sample, channels last as networks state it.
    """
    found: List[Any] = []
    for layer, shape, zeros in padded.folded(layers, inputs):
        found += modules(layer, nn, shape, **({"padding": zeros} if zeros else {}))
    return nn.Sequential(*found)


@singledispatch
def modules(layer: Layer, nn: Any, inputs: Shape, **options: Any) -> Iterator[Any]:
    """A layer as modules of ``torch.nn``; its parameters are in the order of its weights.

    Args:
        layer: what to translate.
        nn: ``torch.nn``.
        inputs: the shape of one sample, channels last as networks state it.
        options: further words for the module of a convolution.
    """
    del nn, inputs, options
    raise UntranslatedError("PyTorch", layer)


def activation(nn: Any, name: str) -> Iterator[Any]:
    """An activation as no module or one."""
    # Softmax is in the loss, as PyTorch's users have it.
    yield from {"linear": [], "relu": [nn.ReLU()], "softmax": []}[name]
