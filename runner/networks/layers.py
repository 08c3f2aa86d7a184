"""A network, stated once, without any framework.

Every backend translates these dataclasses; the parameter count that the harness expects is
computed from them, so a backend that trained another network is found out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, Tuple, Union

Shape = Tuple[int, int, int]


@dataclass(frozen=True)
class Conv:
    """2-D convolution, stride 1, valid padding, with bias."""

    filters: int
    kernel: Tuple[int, int]
    activation: str


@dataclass(frozen=True)
class MaxPool:
    """2-D maximum over windows that do not overlap; a rest at the edge is dropped."""

    size: Tuple[int, int]


@dataclass(frozen=True)
class Dropout:
    """Sets a share ``rate`` of the inputs to zero while training."""

    rate: float


@dataclass(frozen=True)
class Flatten:
    """Height × width × channels to one axis."""


@dataclass(frozen=True)
class Dense:
    """Fully connected layer with bias."""

    units: int
    activation: str


Layer = Union[Conv, MaxPool, Dropout, Flatten, Dense]


@dataclass(frozen=True)
class Network:
    """``input_shape`` is (height, width, channels)."""

    input_shape: Shape
    layers: Tuple[Layer, ...]

    def shapes(self) -> List[Tuple[int, ...]]:
        """What goes into each layer, and what comes out of the last: one more than layers.

        Raises:
            ValueError: a dense layer before Flatten, or a window larger than its input.
        """
        shapes: List[Tuple[int, ...]] = [self.input_shape]
        for layer in self.layers:
            shapes.append(_after(layer, shapes[-1]))
        return shapes

    def parameters(self) -> int:
        """Number of trained weights and biases.

        Raises:
            ValueError: the layers do not fit together.
        """
        total = 0
        for layer, (*_, inputs) in zip(self.layers, self.shapes()):
            if isinstance(layer, Conv):
                total += (layer.kernel[0] * layer.kernel[1] * inputs + 1) * layer.filters
            elif isinstance(layer, Dense):
                total += (inputs + 1) * layer.units
        return total

    def operations(self) -> int:
        """Floating-point operations of one sample's forward pass.

        A multiplication and an addition count as two; biases, activations and pools are left out,
        as is usual (below 2 % here). Forward and backward together take about three times as many.
        """
        total = 0
        shapes = self.shapes()
        for layer, (*_, inputs), outputs in zip(self.layers, shapes, shapes[1:]):
            if isinstance(layer, Conv):
                window = layer.kernel[0] * layer.kernel[1] * inputs
                total += 2 * window * math.prod(outputs)
            elif isinstance(layer, Dense):
                total += 2 * inputs * layer.units
        return total

    def flattened(self) -> Shape:
        """(height, width, channels) of what goes into Flatten.

        Raises:
            ValueError: the network has no Flatten.
        """
        for layer, shape in zip(self.layers, self.shapes()):
            if isinstance(layer, Flatten):
                height, width, channels = shape
                return height, width, channels
        raise ValueError("the network has no Flatten")


def _after(layer: Layer, shape: Tuple[int, ...]) -> Tuple[int, ...]:
    """The shape of what ``layer`` makes of an input of ``shape``."""
    if isinstance(layer, Dense):
        if len(shape) != 1:
            raise ValueError("a dense layer needs flat input: put Flatten before it")
        return (layer.units,)
    if isinstance(layer, Flatten):
        return (math.prod(shape),)
    if isinstance(layer, Dropout):
        return shape
    height, width, channels = shape
    if isinstance(layer, Conv):
        height, width = height - layer.kernel[0] + 1, width - layer.kernel[1] + 1
        channels = layer.filters
    else:
        height, width = height // layer.size[0], width // layer.size[1]
    if min(height, width) < 1:
        raise ValueError(f"{layer} leaves nothing of the picture")
    return height, width, channels
