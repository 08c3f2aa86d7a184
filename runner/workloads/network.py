"""A network and its training recipe, stated once, without any framework.

Every backend translates these dataclasses; the parameter count that the harness expects is
computed from them, so a backend that trained another network is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Tuple, Union

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

    def parameters(self) -> int:
        """Number of trained weights and biases.

        Raises:
            ValueError: a dense layer before Flatten, or a window larger than its input.
        """
        height, width, channels = self.input_shape
        flat: Optional[int] = None
        total = 0
        for layer in self.layers:
            if isinstance(layer, Dense):
                if flat is None:
                    raise ValueError("a dense layer needs flat input: put Flatten before it")
                total += flat * layer.units + layer.units
                flat = layer.units
            elif isinstance(layer, Conv):
                total += layer.kernel[0] * layer.kernel[1] * channels * layer.filters
                total += layer.filters
                height, width = height - layer.kernel[0] + 1, width - layer.kernel[1] + 1
                channels = layer.filters
            elif isinstance(layer, MaxPool):
                height, width = height // layer.size[0], width // layer.size[1]
            elif isinstance(layer, Flatten):
                flat = height * width * channels
            if min(height, width) < 1:
                raise ValueError(f"{layer} leaves nothing of the picture")
        return total


@dataclass(frozen=True)
class Recipe:
    """Categorical cross-entropy and SGD with classical momentum.

    The learning rate of update i (from 0) is ``learning_rate / (1 + decay * i)``: Keras' ``decay``.
    """

    batch_size: int
    epochs: int
    learning_rate: float
    momentum: float
    decay: float

    def updates(self, samples: int, epochs: int) -> int:
        """Number of parameter updates; the last, smaller batch of an epoch counts."""
        return epochs * -(-samples // self.batch_size)


@dataclass(frozen=True)
class Learned:
    """The error rates that a run which learns can reach, by number of updates.

    ``ceilings`` maps a number of updates to the highest error rate believed from there on; before
    the first entry nothing is demanded. ``floor`` is the lowest rate
    believed at all: less would mean that the test images were trained on.
    """

    floor: float
    ceilings: Tuple[Tuple[int, float], ...]

    def ceiling(self, updates: int) -> float:
        """Highest believable error rate (a share, 0 to 1) after ``updates`` updates."""
        limit = 1.0
        for least, rate in self.ceilings:
            if updates >= least:
                limit = rate
        return limit


@dataclass(frozen=True)
class Workload:
    """A network, a recipe and the datasets it may be trained on, with what learning means there."""

    name: str
    title: str
    classes: int
    network: Network
    recipe: Recipe
    learned: Mapping[str, Learned]
