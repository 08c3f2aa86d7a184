"""Layers of pictures (height, width, channels)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.activations import Activation, activated
from runner.networks.layers.layer import Layer, Shape, Weight

_WINDOWS = 2**19
"""Values of the windows that are multiplied at once: they stay in the processor's cache."""


@dataclass(frozen=True)
class Pad(Layer):
    """Zeros around a picture: rows above and below, columns left and right.

    Tools do not agree where the zeros of their ``same`` go when a stride is above 1, so no other
    layer pads.
    """

    rows: Tuple[int, int]
    columns: Tuple[int, int]

    def after(self, inputs: Shape) -> Shape:
        height, width, channels = inputs
        return height + sum(self.rows), width + sum(self.columns), channels

    def forward(self, x: Any, *arrays: Any) -> Any:
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        del arrays
        return np.pad(x, ((0, 0), self.rows, self.columns, (0, 0)))


@dataclass(frozen=True)
class Conv(Layer):
    """2-D convolution without padding: a correlation, kernels are not turned.

    Kernel (height, width, inputs, filters), Glorot's uniform start; with ``bias`` one for each
    filter, from 0. ``stride`` is (down, right), from the first row and column on.
    """

    filters: int
    kernel: Tuple[int, int]
    activation: Activation
    stride: Tuple[int, int] = (1, 1)
    bias: bool = True

    def after(self, inputs: Shape) -> Shape:
        (high, wide), (height, width, _), (down, right) = self.kernel, inputs, self.stride
        rows, columns = (height - high) // down + 1, (width - wide) // right + 1
        return _picture(self, rows, columns, self.filters)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        kernel = Weight("kernel", (*self.kernel, inputs[-1], self.filters), "glorot_uniform")
        bias = Weight("bias", (self.filters,), "zeros")
        return (kernel, bias) if self.bias else (kernel,)

    def operations(self, inputs: Shape) -> int:
        return 2 * math.prod(self.kernel) * inputs[-1] * math.prod(self.after(inputs))

    def forward(self, x: Any, *arrays: Any) -> Any:
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        kernel, *biases = arrays
        matrix, shape = kernel.reshape(-1, self.filters), self.after(x.shape[1:])
        out = np.empty((len(x), *shape), np.result_type(x, kernel))
        several = max(1, _WINDOWS // (shape[0] * shape[1] * len(matrix)))
        for first in range(0, len(x), several):
            windows = patches(x[first : first + several], self.kernel, self.stride)
            # Two axes, that is one product: of more NumPy makes many small ones.
            part = out[first : first + several].reshape(-1, self.filters)
            np.matmul(windows.reshape(-1, len(matrix)), matrix, out=part)
        for bias in biases:
            out += bias
        return activated(out, self.activation)


@dataclass(frozen=True)
class DepthwiseConv(Layer):
    """2-D convolution of each channel by itself, stride 1, without padding: a correlation.

    Kernel (height, width, channels, 1), Glorot's uniform start, in which a channel has all channels
    coming in (Keras' reckoning, and by symmetry PyTorch's and MXNet's); a bias for each channel,
    from 0.
    """

    kernel: Tuple[int, int]
    activation: Activation

    def after(self, inputs: Shape) -> Shape:
        (high, wide), (height, width, channels) = self.kernel, inputs
        return _picture(self, height - high + 1, width - wide + 1, channels)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        channels = inputs[-1]
        return (
            Weight("kernel", (*self.kernel, channels, 1), "glorot_uniform"),
            Weight("bias", (channels,), "zeros"),
        )

    def operations(self, inputs: Shape) -> int:
        return 2 * math.prod(self.kernel) * math.prod(self.after(inputs))

    def forward(self, x: Any, *arrays: Any) -> Any:
        kernel, bias = arrays
        (high, wide), (height, width) = self.kernel, x.shape[1:3]
        rows, columns = height - high + 1, width - wide + 1
        out = bias + sum(
            x[:, row : row + rows, column : column + columns] * kernel[row, column, :, 0]
            for row in range(high)
            for column in range(wide)
        )
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
class GlobalAverage(Layer):
    """The mean of each channel over the whole picture."""

    def after(self, inputs: Shape) -> Shape:
        return (inputs[-1],)

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return x.mean(axis=(1, 2))


@dataclass(frozen=True)
class Flatten(Layer):
    """Height, width and channels to one axis, in this order: channels change fastest."""

    def after(self, inputs: Shape) -> Shape:
        return (math.prod(inputs),)

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return x.reshape(len(x), -1)


def patches(x: Any, kernel: Tuple[int, int], stride: Tuple[int, int] = (1, 1)) -> Any:
    """The windows of ``x`` (n, h, w, c) as a view of shape (n, rows, columns, kh, kw, c).

    Rows are (h - kh) // down + 1, columns likewise. NumPy's own sliding_window_view came with 1.20,
    one release after the oldest image's.
    """
    import numpy as np  # noqa: PLC0415 - as above

    (high, wide), (down, right), (count, height, width, channels) = kernel, stride, x.shape
    sample, row, column, channel = x.strides
    rows, columns = (height - high) // down + 1, (width - wide) // right + 1
    return np.lib.stride_tricks.as_strided(
        x,
        (count, rows, columns, high, wide, channels),
        (sample, down * row, right * column, row, column, channel),
        writeable=False,
    )


def _picture(layer: Layer, height: int, width: int, channels: int) -> Shape:
    if min(height, width) < 1:
        raise ValueError(f"{layer} leaves nothing of the picture")
    return height, width, channels
