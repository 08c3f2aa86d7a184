"""Layers of pictures as functions of JAX."""

from __future__ import annotations

from typing import Any, Tuple

from runner.backends.jax.jax_forward import Arrays, Pass, activated, forward
from runner.networks.layers import Conv, DepthwiseConv, GlobalAverage, MaxPool, Pad

_LAYOUT = ("NHWC", "HWIO", "NHWC")


@forward.register
def _conv(layer: Conv, way: Pass, x: Any, arrays: Arrays) -> Any:
    x, kernel, *biases = way.cast(x, *arrays)
    if way.patches:
        out = product_of_patches(way.jax.numpy, x, kernel, layer.stride)
    else:
        out = way.jax.lax.conv_general_dilated(
            x, kernel, layer.stride, way.zeros(), dimension_numbers=_LAYOUT
        )
    for bias in biases:
        out = out + bias
    return activated(way, out, layer.activation)


@forward.register
def _depthwise(layer: DepthwiseConv, way: Pass, x: Any, arrays: Arrays) -> Any:
    x, kernel, bias = way.cast(x, *arrays)
    if way.patches:
        out = sum_of_shifts(x, kernel)
    else:
        (high, wide), channels = layer.kernel, x.shape[-1]
        out = way.jax.lax.conv_general_dilated(
            x, kernel.reshape(high, wide, 1, channels), (1, 1), way.zeros(),
            dimension_numbers=_LAYOUT, feature_group_count=channels,
        )  # fmt: skip
    return activated(way, out + bias, layer.activation)


@forward.register
def _pool(layer: MaxPool, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    (high, wide), (count, height, width, channels) = layer.size, x.shape
    if way.patches:
        # No windows overlap, so the rest at the edges left out, a reshape makes them axes. The
        # gradient of reduce_window takes a third of an epoch on a CPU.
        rows, columns = height // high, width // wide
        whole = x[:, : rows * high, : columns * wide]
        return whole.reshape(count, rows, high, columns, wide, channels).max(axis=(2, 4))
    lax, window = way.jax.lax, (1, high, wide, 1)
    return lax.reduce_window(x, -way.jax.numpy.inf, lax.max, window, window, "VALID")


@forward.register
def _pad(layer: Pad, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    return way.jax.numpy.pad(x, ((0, 0), layer.rows, layer.columns, (0, 0)))


@forward.register
def _average(layer: GlobalAverage, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way, arrays
    return x.mean(axis=(1, 2))


def product_of_patches(jnp: Any, x: Any, kernel: Any, stride: Tuple[int, int]) -> Any:
    """A convolution (n, h, w, c) with (kh, kw, c, filters) as one product of its windows."""
    (high, wide), (down, right) = kernel.shape[:2], stride
    height, width = x.shape[1] - high, x.shape[2] - wide
    windows = [
        x[:, row : row + height + 1 : down, column : column + width + 1 : right]
        for row in range(high)
        for column in range(wide)
    ]
    return jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def sum_of_shifts(x: Any, kernel: Any) -> Any:
    """A depthwise convolution (n, h, w, c) with (kh, kw, c, 1) as products of shifted pictures."""
    high, wide = kernel.shape[:2]
    rows, columns = x.shape[1] - high + 1, x.shape[2] - wide + 1
    return sum(
        x[:, row : row + rows, column : column + columns] * kernel[row, column, :, 0]
        for row in range(high)
        for column in range(wide)
    )
