"""Steps of layers of pictures."""

from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np

from runner.networks.gradients.dense_steps import before_activation
from runner.networks.gradients.passing import Arrays, Passed, passed
from runner.networks.layers import Conv, DepthwiseConv, GlobalAverage, MaxPool, Pad
from runner.networks.layers.pictures import patches


@passed.register
def _conv(layer: Conv, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        matrix = arrays[0].reshape(-1, layer.filters)
        # The windows are made anew: kept, those of all layers would take gigabytes.
        windows = patches(x, layer.kernel, layer.stride).reshape(-1, len(matrix))
        error = before_activation(layer.activation, out, error).reshape(-1, layer.filters)
        own = [(windows.T @ error).reshape(arrays[0].shape)]
        if layer.bias:
            own.append(error.sum(axis=0))
        (count, rows, columns), (down, right) = out.shape[:3], layer.stride
        parts = (error @ matrix.T).reshape(count, rows, columns, *layer.kernel, -1)
        before = np.zeros_like(x)
        for row, column in np.ndindex(*layer.kernel):
            # The last rows and columns that no window reaches stay without a gradient.
            reached = before[:, row::down, column::right][:, :rows, :columns]
            reached += parts[:, :, :, row, column]
        return before, own

    return Passed(out, back)


@passed.register
def _depthwise(layer: DepthwiseConv, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)
    kernel = arrays[0]

    def back(error: Any) -> Tuple[Any, List[Any]]:
        error = before_activation(layer.activation, out, error)
        rows, columns = out.shape[1:3]
        before, own = np.zeros_like(x), np.zeros_like(kernel)
        for row, column in np.ndindex(*layer.kernel):
            part = np.s_[:, row : row + rows, column : column + columns]
            before[part] += error * kernel[row, column, :, 0]
            own[row, column, :, 0] = (error * x[part]).sum(axis=(0, 1, 2))
        return before, [own, error.sum(axis=(0, 1, 2))]

    return Passed(out, back)


@passed.register
def _pool(layer: MaxPool, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        (high, wide), (count, rows, columns, channels) = layer.size, out.shape
        whole = x[:, : rows * high, : columns * wide]
        blocks = whole.reshape(count, rows, high, columns, wide, channels)
        spread = (blocks == out[:, :, None, :, None]) * error[:, :, None, :, None]
        before = np.zeros_like(x)
        before[:, : rows * high, : columns * wide] = spread.reshape(whole.shape)
        return before, []

    return Passed(out, back)


@passed.register
def _pad(layer: Pad, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    (top, left), (height, width) = (layer.rows[0], layer.columns[0]), x.shape[1:3]
    return Passed(
        layer.forward(x, *arrays),
        lambda error: (error[:, top : top + height, left : left + width], []),
    )


@passed.register
def _average(layer: GlobalAverage, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    share = 1.0 / (x.shape[1] * x.shape[2])
    return Passed(
        layer.forward(x, *arrays),
        lambda error: (np.broadcast_to(share * error[:, None, None], x.shape), []),
    )
