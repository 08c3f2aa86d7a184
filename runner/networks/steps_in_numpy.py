"""One step of each optimizer in plain NumPy, in double precision."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List, Sequence, Tuple

import numpy as np

from runner.networks.optimizers import SGD, Adam, AdamW, Moments, Optimizer

Arrays = Tuple[Any, ...]
Slots = Tuple[Arrays, ...]
"""What an optimizer keeps beside the weights: each of them one array for each weight."""


@singledispatch
def begin(optimizer: Optimizer, weights: Arrays) -> Slots:
    """Its slots before the first update.

    Raises:
        TypeError: the optimizer is not known here.
    """
    del weights
    raise TypeError(f"NumPy has no step of {type(optimizer).__name__} yet")


@singledispatch
def step(
    optimizer: Optimizer, update: int, weights: Arrays, slots: Slots, gradients: Sequence[Any]
) -> Tuple[Arrays, Slots]:
    """The weights and slots after update number ``update``, counted from 0.

    Raises:
        TypeError: the optimizer is not known here.
    """
    del update, weights, slots, gradients
    raise TypeError(f"NumPy has no step of {type(optimizer).__name__} yet")


@begin.register
def _begin_sgd(optimizer: SGD, weights: Arrays) -> Slots:
    del optimizer
    return (_zeros(weights),)


@step.register
def _sgd(
    optimizer: SGD, update: int, weights: Arrays, slots: Slots, gradients: Sequence[Any]
) -> Tuple[Arrays, Slots]:
    rate = optimizer.rate(update)
    speeds = tuple(
        optimizer.momentum * speed - rate * gradient for speed, gradient in zip(slots[0], gradients)
    )
    return tuple(weight + speed for weight, speed in zip(weights, speeds)), (speeds,)


@begin.register
def _begin_moments(optimizer: Moments, weights: Arrays) -> Slots:
    del optimizer
    return _zeros(weights), _zeros(weights)


@step.register(Adam)
def _by_moments(
    optimizer: Moments, update: int, weights: Arrays, slots: Slots, gradients: Sequence[Any]
) -> Tuple[Arrays, Slots]:
    size, means, squares, moved = optimizer.size(update), [], [], []
    for weight, mean, square, gradient in zip(weights, *slots, gradients):
        means.append(optimizer.beta_1 * mean + (1 - optimizer.beta_1) * gradient)
        squares.append(optimizer.beta_2 * square + (1 - optimizer.beta_2) * gradient**2)
        moved.append(weight - size * means[-1] / (np.sqrt(squares[-1]) + optimizer.epsilon))
    return tuple(moved), (tuple(means), tuple(squares))


@step.register
def _adam_w(
    optimizer: AdamW, update: int, weights: Arrays, slots: Slots, gradients: Sequence[Any]
) -> Tuple[Arrays, Slots]:
    kept = 1.0 - optimizer.rate(update) * optimizer.weight_decay
    decayed = tuple(weight * kept if weight.ndim > 1 else weight for weight in weights)
    return _by_moments(optimizer, update, decayed, slots, _clipped(gradients, optimizer.clip_norm))


def _clipped(gradients: Sequence[Any], most: float) -> List[Any]:
    norm = np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    return [gradient * (most / max(norm, most)) for gradient in gradients] if norm else [*gradients]


def _zeros(weights: Arrays) -> Arrays:
    return tuple(np.zeros_like(weight) for weight in weights)
