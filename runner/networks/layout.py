"""From a framework's order of axes to the reference's: height, width, channels, outputs last."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List, Optional, Sequence, Tuple

from runner.networks.layers import (
    LSTM,
    Attention,
    Conv,
    Conv1D,
    Dense,
    DepthwiseConv,
    Flatten,
    Layer,
    Shape,
)
from runner.networks.network import Network

Arrays = Tuple[Any, ...]


def channels_first(inputs: Any) -> Any:
    """Pictures (n, height, width, channels) as (n, channels, height, width); others as they are.

    The array that comes back is contiguous, with the strides that its shape has by itself: PyTorch
    takes others for a wish to compute with channels last.
    """
    if inputs.ndim != 4:
        return inputs
    count, height, width, channels = inputs.shape
    if channels == 1:
        return inputs.reshape(count, channels, height, width)
    return inputs.transpose(0, 3, 1, 2).copy()


def shape_channels_first(shape: Shape) -> Shape:
    """The shape of one sample after :func:`channels_first`."""
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def from_outputs_first(network: Network, weights: Sequence[Any]) -> List[Any]:
    """The reference's weights from those of a framework that puts outputs and channels first.

    Args:
        network: the layers.
        weights: kernels (convolutions: filters, inputs, height, width; dense: units, inputs) and
            biases of the layers in their order, as PyTorch and MXNet have them. Embeddings have
            words first in all of them.
    """
    ordered: List[Any] = []
    picture: Optional[Shape] = None
    for (layer, arrays), (_, inputs) in zip(network.by_leaf(weights), network.leaves()):
        ordered += _outputs_last(layer, arrays, picture)
        picture = _flattened(layer, inputs, picture)
    return ordered


@singledispatch
def _outputs_last(layer: Layer, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    """A layer's own arrays; ``picture`` is what its flat input was, channels first, if any."""
    del layer, picture
    return arrays


@_outputs_last.register
def _conv(layer: Conv, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    del layer, picture
    kernel, *bias = arrays
    return (kernel.transpose(2, 3, 1, 0), *bias)


@_outputs_last.register
def _depthwise(layer: DepthwiseConv, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    """These have a kernel for each channel first, and 1 where a convolution has its inputs."""
    del layer, picture
    kernel, bias = arrays
    return kernel.transpose(2, 3, 0, 1), bias


@_outputs_last.register
def _over_time(layer: Conv1D, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    del layer, picture
    kernel, bias = arrays
    return kernel.transpose(2, 1, 0), bias


@_outputs_last.register
def _lstm(layer: LSTM, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    del layer, picture
    kernel, recurrent, bias = arrays
    return kernel.T, recurrent.T, bias


@_outputs_last.register
def _dense(layer: Dense, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    kernel, *bias = arrays
    kernel = kernel.transpose(1, 0)
    if picture:
        height, width, channels = picture
        rows = kernel.reshape(channels, height, width, layer.units)
        kernel = rows.transpose(1, 2, 0, 3).reshape(-1, layer.units)
    return (kernel, *bias)


@_outputs_last.register
def _attention(layer: Attention, arrays: Arrays, picture: Optional[Shape]) -> Arrays:
    del layer, picture
    mixing, projection = arrays
    return mixing.T, projection.T


@singledispatch
def _flattened(layer: Layer, inputs: Shape, picture: Optional[Shape]) -> Optional[Shape]:
    """The picture that the flat axis after ``layer`` was, ``None`` if it was none."""
    del layer, inputs
    return picture


@_flattened.register
def _after_flatten(layer: Flatten, inputs: Shape, picture: Optional[Shape]) -> Optional[Shape]:
    del layer, picture
    return inputs


@_flattened.register
def _after_dense(layer: Dense, inputs: Shape, picture: Optional[Shape]) -> Optional[Shape]:
    del layer, inputs, picture
    return None
