"""The optimizers of recipes as functions of JAX, in float32 as the weights are."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Tuple

from runner.backends.common.translation import UntranslatedError
from runner.networks.optimizers import SGD, Adam, AdamW, Moments, Optimizer

Slots = Tuple[Any, ...]
"""What an optimizer keeps beside the weights: trees like theirs."""


def begin(optimizer: Optimizer, jax: Any, weights: Any) -> Slots:
    """The slots before the first update: zeros."""
    count = 2 if isinstance(optimizer, Moments) else 1
    return tuple(jax.tree.map(jax.numpy.zeros_like, weights) for _ in range(count))


@singledispatch
def step(
    optimizer: Optimizer, jax: Any, update: Any, weights: Any, slots: Slots, gradients: Any
) -> Tuple[Any, Slots]:
    """Weights and slots after an update.

    Args:
        optimizer: whose step.
        jax: JAX.
        update: its number from 0; a traced integer, too.
        weights: a tree of arrays.
        slots: as :func:`begin` or the update before gave them.
        gradients: a tree like ``weights``.
    """
    del jax, update, weights, slots, gradients
    raise UntranslatedError("JAX", optimizer)


@step.register
def _sgd(
    optimizer: SGD, jax: Any, update: Any, weights: Any, slots: Slots, gradients: Any
) -> Tuple[Any, Slots]:
    rate = optimizer.rate(update)
    speed = jax.tree.map(lambda v, g: optimizer.momentum * v - rate * g, slots[0], gradients)
    return jax.tree.map(lambda w, v: w + v, weights, speed), (speed,)


@step.register(Adam)
def _by_moments(
    optimizer: Moments, jax: Any, update: Any, weights: Any, slots: Slots, gradients: Any
) -> Tuple[Any, Slots]:
    keep, forget = optimizer.beta_1, optimizer.beta_2
    size, root = optimizer.size(update, jax.numpy), jax.numpy.sqrt
    mean = jax.tree.map(lambda m, g: keep * m + (1 - keep) * g, slots[0], gradients)
    square = jax.tree.map(lambda v, g: forget * v + (1 - forget) * g * g, slots[1], gradients)
    moved = jax.tree.map(
        lambda w, m, v: w - size * m / (root(v) + optimizer.epsilon), weights, mean, square
    )
    return moved, (mean, square)


@step.register
def _adam_w(
    optimizer: AdamW, jax: Any, update: Any, weights: Any, slots: Slots, gradients: Any
) -> Tuple[Any, Slots]:
    jnp, most = jax.numpy, optimizer.clip_norm
    norm = jnp.sqrt(sum((gradient**2).sum() for gradient in jax.tree.leaves(gradients)))
    scale = jnp.where(norm > most, most / norm, 1.0)
    clipped = jax.tree.map(lambda gradient: gradient * scale, gradients)
    kept = 1.0 - optimizer.rate(update, jnp) * optimizer.weight_decay
    decayed = jax.tree.map(lambda w: w * kept if w.ndim > 1 else w, weights)
    return _by_moments(optimizer, jax, update, decayed, slots, clipped)
