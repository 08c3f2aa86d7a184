"""Layers as modules of PyTorch, and the function that each layer registers its own with."""

from __future__ import annotations

from functools import singledispatch
from itertools import zip_longest
from typing import Any, Dict, Iterator, List, Optional, Sequence

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Conv, DepthwiseConv, Layer, Pad, Shape
from runner.networks.layers.layer import along


def sequence(nn: Any, layers: Sequence[Layer], inputs: Shape) -> Any:
    """Layers one after the other; the softmax of a network's last layer is in the loss.

    Zeros around a picture are the convolution's own, as PyTorch's users write them, where it has a
    word for them: a layer of their own costs a copy of every picture.

    Args:
        nn: ``torch.nn``.
        layers: what to translate.
        inputs: the shape of one sample, channels last as networks state it.
    """
    found: List[Any] = []
    around: Dict[str, Any] = {}
    for (layer, shape), following in zip_longest(along(layers, inputs), layers[1:]):
        if isinstance(layer, Pad) and _is_even(layer) and _convolves(following):
            around = {"padding": (layer.rows[0], layer.columns[0])}
        else:
            found += modules(layer, nn, shape, **around)
            around = {}
    return nn.Sequential(*found)


def _is_even(pad: Pad) -> bool:
    """Whether it has as many zeros before a picture as behind it: PyTorch's convolutions do."""
    return pad.rows[0] == pad.rows[1] and pad.columns[0] == pad.columns[1]


def _convolves(layer: Optional[Layer]) -> bool:
    return isinstance(layer, (Conv, DepthwiseConv))


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
