"""Theano's kernels as networks state them."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Tuple

from runner.networks.layers import Conv, Conv1D, Layer


@singledispatch
def correlating(layer: Layer, arrays: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """A layer's weights as the reference has them."""
    del layer
    return arrays


@correlating.register
def _turned(layer: Conv, arrays: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """Theano's convolution turns kernels by half a circle; the reference correlates.

    Those of depthwise convolutions Keras 2.3.1 turns itself before, and of no others.
    """
    del layer
    kernel, *bias = arrays
    return (kernel[::-1, ::-1], *bias)


@correlating.register
def _turned_over_time(layer: Conv1D, arrays: Tuple[Any, ...]) -> Tuple[Any, ...]:
    del layer
    kernel, bias = arrays
    return kernel[::-1], bias
