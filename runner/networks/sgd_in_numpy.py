"""Training in plain NumPy, in double precision: what a backend's updates have to give.

The way back of each layer stands in :mod:`runner.networks.gradients`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple

import numpy as np

from runner.networks.gradients.passing import through
from runner.networks.layers import Dropout
from runner.networks.network import Network
from runner.networks.recipe import Recipe

Arrays = Tuple[Any, ...]


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
        recipe.momentum * speed - rate * gradient if weight.trained else -gradient
        for weight, speed, gradient in zip(network.weights(), state.speeds, gradients)
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
    """Of all weights; in a statistic's place is what it falls by."""
    x = np.asarray(inputs, np.float64)
    out, back = through(network.grouped(weights), x, 1.0 if kept is None else kept)
    # Of softmax and cross-entropy together; the softmax itself passes it on as it is.
    error = out.copy()
    error[np.arange(len(out)), labels] -= 1.0
    error /= len(out)
    return back(error)[1]
