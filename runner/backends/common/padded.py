"""Zeros around a picture, for tools whose users write them as a word of the convolution behind."""

from __future__ import annotations

from itertools import zip_longest
from typing import Iterator, Optional, Sequence, Tuple

from runner.networks.layers import Conv, DepthwiseConv, Layer, Pad, Shape
from runner.networks.layers.layer import along

Zeros = Optional[Tuple[int, int]]
"""Rows above and below, columns left and right; None: no word of it is needed."""


def folded(layers: Sequence[Layer], inputs: Shape) -> Iterator[Tuple[Layer, Shape, Zeros]]:
    """Layers with the shape that each gets, and the zeros that it puts around that itself.

    A layer of zeros stays one only where no convolution follows, or where there are more of them
    on one side than on the other: it costs a copy of every picture.

    Args:
        layers: one after the other.
        inputs: the shape of one sample, channels last as networks state it.
    """
    zeros: Zeros = None
    for (layer, shape), following in zip_longest(along(layers, inputs), layers[1:]):
        convolves = isinstance(following, (Conv, DepthwiseConv))
        if convolves and isinstance(layer, Pad) and _is_even(layer):
            zeros = layer.rows[0], layer.columns[0]
        else:
            yield layer, shape, zeros
            zeros = None


def _is_even(pad: Pad) -> bool:
    return pad.rows[0] == pad.rows[1] and pad.columns[0] == pad.columns[1]
