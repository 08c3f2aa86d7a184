"""Training in plain NumPy, in double precision: what a backend's updates have to give.

The way back of each layer stands here, its way forward in :mod:`runner.networks.layers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence, Tuple, Type

import numpy as np

from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool
from runner.networks.layers.pictures import patches
from runner.networks.network import Network
from runner.networks.recipe import Recipe

Arrays = Tuple[Any, ...]
Back = Callable[[Any, Any, Any, Arrays, Any], Tuple[Any, List[Any]]]
"""From a layer, its input, its output, its weights and the gradient of its output: the gradients of
its input and of its weights."""


@dataclass(frozen=True)
class State:
    """Weights and their velocities in the order of the layers, after so many updates."""

    weights: Arrays
    speeds: Arrays
    updates: int = 0


def begin(weights: Sequence[Any]) -> State:
    """The state before the first update."""
    own = tuple(np.asarray(weight, np.float64) for weight in weights)
    return State(own, tuple(np.zeros_like(weight) for weight in own))


def updated(
    network: Network, recipe: Recipe, state: State, inputs: Any, labels: Any, kept: Any = None
) -> State:
    """The state after one more update on one batch.

    Args:
        network: the layers; the last one is a softmax.
        recipe: SGD with classical momentum: v = m v - rate g; w = w + v.
        state: before the update.
        inputs: (n, *the network's input shape), pictures with their channels last.
        labels: integers (n,).
        kept: what dropout multiplies its input with, in its shape; None drops nothing.

    Raises:
        TypeError: the network has a layer whose way back is not known here.
    """
    rate = recipe.rate(state.updates)
    gradients = _gradients(network, state.weights, inputs, labels, kept)
    speeds = tuple(
        recipe.momentum * speed - rate * gradient
        for speed, gradient in zip(state.speeds, gradients)
    )
    weights = tuple(weight + speed for weight, speed in zip(state.weights, speeds))
    return State(weights, speeds, state.updates + 1)


def into_dropout(network: Network, weights: Sequence[Any], inputs: Any) -> Any:
    """What goes into the network's dropout, (n, ...).

    Raises:
        ValueError: the network has none.
    """
    out = np.asarray(inputs, np.float64)
    for layer, arrays in network.grouped(weights):
        if isinstance(layer, Dropout):
            return out
        out = layer.forward(out, *arrays)
    raise ValueError("the network has no dropout")


def _gradients(
    network: Network, weights: Sequence[Any], inputs: Any, labels: Any, kept: Any
) -> List[Any]:
    mask = 1.0 if kept is None else kept
    passed: List[Tuple[Layer, Arrays, Any]] = []
    out = np.asarray(inputs, np.float64)
    for layer, arrays in network.grouped(weights):
        passed.append((layer, arrays, out))
        out = out * mask if isinstance(layer, Dropout) else layer.forward(out, *arrays)
    # Of softmax and cross-entropy together; the softmax itself passes it on as it is.
    error = out.copy()
    error[np.arange(len(out)), labels] -= 1.0
    error /= len(out)
    found: List[Any] = []
    for layer, arrays, before in reversed(passed):
        own: List[Any] = []
        if isinstance(layer, Dropout):
            error = error * mask
        elif type(layer) in _BACK:
            error, own = _BACK[type(layer)](layer, before, out, arrays, error)
        else:
            raise TypeError(f"NumPy has no way back through {type(layer).__name__} yet")
        found, out = own + found, before
    return found


def _slope(layer: Any, out: Any, error: Any) -> Any:
    """The gradient before the activation, of which ``out`` came."""
    return error * (out > 0) if layer.activation == "relu" else error


def _dense(layer: Any, x: Any, out: Any, arrays: Arrays, error: Any) -> Tuple[Any, List[Any]]:
    error = _slope(layer, out, error)
    return error @ arrays[0].T, [x.T @ error, error.sum(axis=0)]


def _convolution(layer: Any, x: Any, out: Any, arrays: Arrays, error: Any) -> Tuple[Any, List[Any]]:
    matrix = arrays[0].reshape(-1, layer.filters)
    windows = patches(x, layer.kernel).reshape(-1, len(matrix))
    error = _slope(layer, out, error).reshape(-1, layer.filters)
    count, rows, columns = out.shape[:3]
    parts = (error @ matrix.T).reshape(count, rows, columns, *layer.kernel, -1)
    before = np.zeros_like(x)
    for row, column in np.ndindex(*layer.kernel):
        before[:, row : row + rows, column : column + columns] += parts[:, :, :, row, column]
    return before, [(windows.T @ error).reshape(arrays[0].shape), error.sum(axis=0)]


def _pool(layer: Any, x: Any, out: Any, arrays: Arrays, error: Any) -> Tuple[Any, List[Any]]:
    del arrays
    (high, wide), (count, rows, columns, channels) = layer.size, out.shape
    whole = x[:, : rows * high, : columns * wide]
    blocks = whole.reshape(count, rows, high, columns, wide, channels)
    spread = (blocks == out[:, :, None, :, None]) * error[:, :, None, :, None]
    before = np.zeros_like(x)
    before[:, : rows * high, : columns * wide] = spread.reshape(whole.shape)
    return before, []


def _flat(layer: Any, x: Any, out: Any, arrays: Arrays, error: Any) -> Tuple[Any, List[Any]]:
    del layer, out, arrays
    return error.reshape(x.shape), []


_BACK: Dict[Type[Layer], Back] = {
    Conv: _convolution, Dense: _dense, Flatten: _flat, MaxPool: _pool,
}  # fmt: skip
