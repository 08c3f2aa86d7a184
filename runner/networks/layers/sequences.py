"""Layers of texts: ids of words (time,), then values of each word (time, units)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.activations import Activation, activated
from runner.networks.layers.layer import Initialiser, Layer, Shape, Weight


@dataclass(frozen=True)
class Embedding(Layer):
    """A row of ``units`` values for each of ``words`` ids; it takes integers from 0.

    Rows start evenly within ± 0.05 if nothing else is said. Id 0 is a word like any other: nothing
    is masked. The gradient is dense: an optimizer moves the rows of a batch that lacks them as
    well.
    """

    words: int
    units: int
    start: Initialiser = "random_uniform"
    takes_ids = True

    def after(self, inputs: Shape) -> Shape:
        return (*inputs, self.units)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        del inputs
        return (Weight("embeddings", (self.words, self.units), self.start),)

    def forward(self, x: Any, *arrays: Any) -> Any:
        (rows,) = arrays
        return rows[x]


@dataclass(frozen=True)
class Conv1D(Layer):
    """1-D convolution over time, stride 1, no padding: a correlation, kernels are not turned.

    Kernel (width, inputs, filters), Glorot's uniform start; a bias for each filter, from 0.
    """

    filters: int
    width: int
    activation: Activation

    def after(self, inputs: Shape) -> Shape:
        time, _ = _of_time(self, inputs)
        if time < self.width:
            raise ValueError(f"{self} leaves nothing of {time} steps")
        return time - self.width + 1, self.filters

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return (
            Weight("kernel", (self.width, inputs[-1], self.filters), "glorot_uniform"),
            Weight("bias", (self.filters,), "zeros"),
        )

    def operations(self, inputs: Shape) -> int:
        return 2 * self.width * inputs[-1] * math.prod(self.after(inputs))

    def forward(self, x: Any, *arrays: Any) -> Any:
        kernel, bias = arrays
        windows = windows_of(x, self.width)
        # Two axes, that is one product: of more NumPy makes many small ones.
        matrix = kernel.reshape(-1, self.filters)
        out = windows.reshape(-1, len(matrix)) @ matrix + bias
        return activated(out.reshape(*windows.shape[:2], self.filters), self.activation)


@dataclass(frozen=True)
class GlobalMax(Layer):
    """The largest value over time, of each unit."""

    def after(self, inputs: Shape) -> Shape:
        return (_of_time(self, inputs)[-1],)

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return x.max(axis=1)


def windows_of(x: Any, width: int) -> Any:
    """All windows of ``x`` (n, time, units): (n, time - width + 1, width, units), copied."""
    import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

    steps = x.shape[1] - width + 1
    return np.stack([x[:, first : first + steps] for first in range(width)], axis=2)


def _of_time(layer: Layer, inputs: Shape) -> Shape:
    if len(inputs) != 2:
        raise ValueError(f"{layer} needs steps of values, (time, units): not {inputs}")
    return inputs
