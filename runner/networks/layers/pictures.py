"""Layers of pictures (height, width, channels)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.activations import Activation, activated
from runner.networks.layers.layer import Layer, Shape, Weight


@dataclass(frozen=True)
class Conv(Layer):
    """2-D convolution, stride 1, no padding: a correlation, kernels are not turned.

    Kernel (height, width, inputs, filters), Glorot's uniform start; a bias for each filter, from 0.
    """

    filters: int
    kernel: Tuple[int, int]
    activation: Activation

    def after(self, inputs: Shape) -> Shape:
        (high, wide), (height, width, _) = self.kernel, inputs
        return _picture(self, height - high + 1, width - wide + 1, self.filters)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return (
            Weight("kernel", (*self.kernel, inputs[-1], self.filters), "glorot_uniform"),
            Weight("bias", (self.filters,), "zeros"),
        )

    def operations(self, inputs: Shape) -> int:
        return 2 * math.prod(self.kernel) * inputs[-1] * math.prod(self.after(inputs))

    def forward(self, x: Any, *arrays: Any) -> Any:
        kernel, bias = arrays
        windows = patches(x, self.kernel)
        matrix = kernel.reshape(-1, self.filters)
        # Two axes, that is one product: of more NumPy makes many small ones.
        out = (windows.reshape(-1, len(matrix)) @ matrix).reshape(*windows.shape[:3], -1)
        out += bias
        return activated(out, self.activation)


@dataclass(frozen=True)
class MaxPool(Layer):
    """2-D maximum over windows that do not overlap; a rest at the edge is dropped."""

    size: Tuple[int, int]

    def after(self, inputs: Shape) -> Shape:
        (high, wide), (height, width, channels) = self.size, inputs
        return _picture(self, height // high, width // wide, channels)

    def forward(self, x: Any, *arrays: Any) -> Any:
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        del arrays
        (high, wide), (height, width) = self.size, x.shape[1:3]
        parts = [
            x[:, row : height // high * high : high, column : width // wide * wide : wide]
            for row in range(high)
            for column in range(wide)
        ]
        best = parts[0].copy()
        for part in parts[1:]:
            np.maximum(best, part, out=best)
        return best


@dataclass(frozen=True)
class Flatten(Layer):
    """Height, width and channels to one axis, in this order: channels change fastest."""

    def after(self, inputs: Shape) -> Shape:
        return (math.prod(inputs),)

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return x.reshape(len(x), -1)


def patches(x: Any, kernel: Tuple[int, int]) -> Any:
    """All windows of ``x`` (n, h, w, c) as a view of shape (n, h - kh + 1, w - kw + 1, kh, kw, c).

    NumPy's own sliding_window_view came with 1.20, one release after the oldest image's.
    """
    import numpy as np  # noqa: PLC0415 - as above

    (high, wide), (count, height, width, channels) = kernel, x.shape
    sample, row, column, channel = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (count, height - high + 1, width - wide + 1, high, wide, channels),
        (sample, row, column, row, column, channel),
        writeable=False,
    )


def _picture(layer: Layer, height: int, width: int, channels: int) -> Shape:
    if min(height, width) < 1:
        raise ValueError(f"{layer} leaves nothing of the picture")
    return height, width, channels
