"""Training in plain NumPy, in double precision: what a backend's updates have to give.

The way back of each layer stands in :mod:`runner.networks.gradients`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple

import numpy as np

from runner.networks import steps_in_numpy
from runner.networks.gradients.passing import passed, through
from runner.networks.layers import Dropout
from runner.networks.network import Network
from runner.networks.recipe import Recipe
from runner.networks.steps_in_numpy import Slots

Arrays = Tuple[Any, ...]


@dataclass(frozen=True)
class State:
    """Weights in the order of the layers, and what the optimizer keeps, after so many updates."""

    weights: Arrays
    slots: Slots
    updates: int = 0


def begin(recipe: Recipe, weights: Sequence[Any]) -> State:
    """The state before the first update."""
    own = tuple(np.asarray(weight, np.float64) for weight in weights)
    return State(own, steps_in_numpy.begin(recipe.optimizer, own))


def updated(
    network: Network, recipe: Recipe, state: State, inputs: Any, labels: Any, kept: Any = None
) -> State:
    """The state after one more update on one batch.

    Args:
        network: the layers; the last one is a softmax.
        recipe: its optimizer.
        state: before the update.
        inputs: (n, *the network's input shape), pictures with their channels last.
        labels: integers (n,), of steps (n, time).
        kept: what the dropout with a rate above 0 multiplies its input with, in its shape; None
            drops nothing. Of several an iterator, in the order in which they come.

    Raises:
        TypeError: the network has a layer whose way back is not known here.
    """
    gradients = _gradients(network, state.weights, inputs, labels, kept)
    trained = [weight.trained for weight in network.weights()]
    # Of statistics the way back gives how far they fall: no optimizer has a say in that.
    slopes = [gradient if own else 0.0 * gradient for own, gradient in zip(trained, gradients)]
    moved, slots = steps_in_numpy.step(
        recipe.optimizer, state.updates, state.weights, state.slots, slopes
    )
    weights = tuple(
        after if own else before - fall
        for own, before, after, fall in zip(trained, state.weights, moved, gradients)
    )
    return State(weights, slots, state.updates + 1)


def into_dropout(network: Network, weights: Sequence[Any], inputs: Any) -> Any:
    """What goes into the network's first dropout with a rate above 0, (n, ...), in training.

    Raises:
        ValueError: the network has none.
    """
    out = _exact(network, inputs)
    for layer, arrays in network.grouped(weights):
        if isinstance(layer, Dropout) and layer.rate:
            return out
        out = passed(layer, out, arrays, 1.0).out
    raise ValueError("the network has no dropout")


def _exact(network: Network, inputs: Any) -> Any:
    """In double precision, unless they are ids."""
    return inputs if network.layers[0].takes_ids else np.asarray(inputs, np.float64)


def _gradients(
    network: Network, weights: Sequence[Any], inputs: Any, labels: Any, kept: Any
) -> List[Any]:
    """Of all weights; in a statistic's place is what it falls by."""
    x = _exact(network, inputs)
    out, back = through(network.grouped(weights), x, 1.0 if kept is None else kept)
    # Of softmax and cross-entropy together; the softmax itself passes it on as it is.
    error = out.copy()
    error.reshape(-1, out.shape[-1])[np.arange(labels.size), labels.reshape(-1)] -= 1.0
    error /= labels.size
    return back(error)[1]
