"""Training in plain NumPy, in double precision by itself: what a backend's updates have to give.

Forward, backward and the recipe's SGD of the layers of :mod:`runner.networks.layers`. Each layer
returns its output and a function that turns the gradient of the output into those of its input and
of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from runner.networks.in_numpy import patches
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool, Network
from runner.networks.recipe import Recipe

Backward = Callable[[Any], Tuple[Any, List[Any]]]


@dataclass(frozen=True)
class State:
    """Weights and their velocities in the order of the layers, after so many updates."""

    weights: Tuple[Any, ...]
    speeds: Tuple[Any, ...]
    updates: int = 0


def begin(weights: Sequence[Any], precision: Any = np.float64) -> State:
    """The state before the first update; all that follows is of this precision."""
    own = tuple(np.asarray(weight, precision) for weight in weights)
    return State(own, tuple(np.zeros_like(weight) for weight in own))


def updated(
    network: Network, recipe: Recipe, state: State, images: Any, labels: Any, kept: Any = None
) -> State:
    """The state after one more update on one batch.

    Args:
        network: the layers; the last one is a softmax.
        recipe: SGD with classical momentum: v = m v - rate g; w = w + v.
        state: before the update.
        images: (n, height, width), from 0 to 1.
        labels: integers (n,).
        kept: what dropout multiplies its input with, in its shape; None drops nothing.

    Raises:
        TypeError: the network has a layer that is not known here.
    """
    rate = recipe.rate(state.updates)
    gradients = _gradients(network, state.weights, images, labels, kept)
    speeds = tuple(
        recipe.momentum * speed - rate * gradient
        for speed, gradient in zip(state.speeds, gradients)
    )
    weights = tuple(weight + speed for weight, speed in zip(state.weights, speeds))
    return State(weights, speeds, state.updates + 1)


def into_dropout(network: Network, weights: Sequence[Any], images: Any) -> Any:
    """What goes into the network's dropout, (n, ...).

    Raises:
        ValueError: the network has none.
    """
    out, given = np.asarray(images, np.float64)[..., None], iter(weights)
    for layer in network.layers:
        if isinstance(layer, Dropout):
            return out
        out, _ = _forward(layer, out, given, None)
    raise ValueError("the network has no dropout")


def _gradients(
    network: Network, weights: Sequence[Any], images: Any, labels: Any, kept: Any
) -> List[Any]:
    out, given = np.asarray(images, weights[0].dtype)[..., None], iter(weights)
    back: List[Backward] = []
    for layer in network.layers:
        out, backward = _forward(layer, out, given, kept)
        back.append(backward)
    # Of softmax and cross-entropy together; the softmax itself passes it on as it is.
    error = out.copy()
    error[np.arange(len(out)), labels] -= 1.0
    error /= len(out)
    found: List[Any] = []
    for backward in reversed(back):
        error, own = backward(error)
        found = own + found
    return found


def _forward(layer: Layer, x: Any, given: Any, kept: Any) -> Tuple[Any, Backward]:
    if isinstance(layer, Dropout):
        mask = 1.0 if kept is None else kept
        return x * mask, lambda error: (error * mask, [])
    if isinstance(layer, Flatten):
        return x.reshape(len(x), -1), lambda error: (error.reshape(x.shape), [])
    if isinstance(layer, MaxPool):
        return _pool(layer, x)
    if isinstance(layer, Conv):
        return _convolution(layer, x, next(given), next(given))
    if isinstance(layer, Dense):
        return _dense(layer, x, next(given), next(given))
    raise TypeError(f"NumPy has no training of {type(layer).__name__} yet")


def _activated(activation: str, z: Any) -> Tuple[Any, Optional[Any]]:
    """The activation, and its slope where that is not left to the loss."""
    if activation == "relu":
        return np.maximum(z, 0.0), z > 0
    if activation == "softmax":
        z = np.exp(z - z.max(axis=-1, keepdims=True))
        return z / z.sum(axis=-1, keepdims=True), None
    raise TypeError(f"NumPy has no activation {activation!r} yet")


def _dense(layer: Dense, x: Any, kernel: Any, bias: Any) -> Tuple[Any, Backward]:
    out, slope = _activated(layer.activation, x @ kernel + bias)

    def backward(error: Any) -> Tuple[Any, List[Any]]:
        error = error if slope is None else error * slope
        return error @ kernel.T, [x.T @ error, error.sum(axis=0)]

    return out, backward


def _convolution(layer: Conv, x: Any, kernel: Any, bias: Any) -> Tuple[Any, Backward]:
    windows = patches(x, layer.kernel)
    count, rows, columns = windows.shape[:3]
    matrix = kernel.reshape(-1, layer.filters)
    windows = windows.reshape(-1, len(matrix))
    out, slope = _activated(
        layer.activation, (windows @ matrix + bias).reshape(count, rows, columns, -1)
    )

    def backward(error: Any) -> Tuple[Any, List[Any]]:
        error = error if slope is None else error * slope
        error = error.reshape(-1, layer.filters)
        parts = (error @ matrix.T).reshape(count, rows, columns, *layer.kernel, -1)
        before = np.zeros_like(x)
        for row, column in np.ndindex(*layer.kernel):
            before[:, row : row + rows, column : column + columns] += parts[:, :, :, row, column]
        return before, [(windows.T @ error).reshape(kernel.shape), error.sum(axis=0)]

    return out, backward


def _pool(layer: MaxPool, x: Any) -> Tuple[Any, Backward]:
    (high, wide), (count, height, width, channels) = layer.size, x.shape
    rows, columns = height // high, width // wide
    shape = (count, rows, high, columns, wide, channels)
    blocks = x[:, : rows * high, : columns * wide].reshape(shape)
    best = blocks.max(axis=(2, 4), keepdims=True)
    chosen = blocks == best

    def backward(error: Any) -> Tuple[Any, List[Any]]:
        before = np.zeros_like(x)
        spread = chosen * error[:, :, None, :, None]
        before[:, : rows * high, : columns * wide] = spread.reshape(
            count, rows * high, columns * wide, channels
        )
        return before, []

    return best[:, :, 0, :, 0], backward
