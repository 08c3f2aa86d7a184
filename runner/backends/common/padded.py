"""Zeros around a picture, for tools whose users write them as a word of the convolution behind."""

from __future__ import annotations

from itertools import zip_longest
from typing import Callable, Iterator, Optional, Sequence, Tuple

from runner.networks.layers import Conv, DepthwiseConv, Layer, Pad, Shape
from runner.networks.layers.layer import along

Zeros = Optional[Tuple[int, int]]
"""Rows above and below, columns left and right; None: no word of it is needed."""


Takes = Callable[[Layer, Tuple[int, int]], bool]
"""Whether a tool has a word for these zeros of a convolution."""


def folded(
    layers: Sequence[Layer], inputs: Shape, takes: Optional[Takes] = None
) -> Iterator[Tuple[Layer, Shape, Zeros]]:
    """Layers with the shape that each gets, and the zeros that it puts around that itself.

    A layer of zeros stays one only where no convolution follows, where there are more of them on
    one side than on the other, or where the tool has no word for them: it costs a copy of every
    picture.

    Args:
        layers: one after the other.
        inputs: the shape of one sample, channels last as networks state it.
        takes: which zeros a convolution of the tool can put; by default any.
    """
    zeros: Zeros = None
    for (layer, shape), following in zip_longest(along(layers, inputs), layers[1:]):
        if isinstance(layer, Pad) and convolves(following) and _is_even(layer):
            zeros = layer.rows[0], layer.columns[0]
            if takes is None or (following is not None and takes(following, zeros)):
                continue
        yield layer, shape, None if isinstance(layer, Pad) else zeros
        zeros = None


def convolves(layer: Optional[Layer]) -> bool:
    """Whether a layer can put zeros around pictures itself."""
    return isinstance(layer, (Conv, DepthwiseConv))


def keeps_size(layer: Layer, zeros: Tuple[int, int]) -> bool:
    """Whether these zeros are what tools call ``same``, and all alike: a stride has other ones."""
    if not isinstance(layer, (Conv, DepthwiseConv)):
        return False
    stride = layer.stride if isinstance(layer, Conv) else (1, 1)
    (high, wide), (rows, columns) = layer.kernel, zeros
    return stride == (1, 1) and (high, wide) == (2 * rows + 1, 2 * columns + 1)


def _is_even(pad: Pad) -> bool:
    return pad.rows[0] == pad.rows[1] and pad.columns[0] == pad.columns[1]
