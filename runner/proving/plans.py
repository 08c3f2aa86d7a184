"""The trials of a proof, each with what it is to show.

Starts of seconds, and a trial that is brief. Nothing is dropped, so that NumPy can do the same
(:mod:`runner.proving.dropout_plans` has the trials where something is); the rate falls steeply,
since the recipe's own would not show in a few updates.
"""

from __future__ import annotations

import dataclasses
import random

from runner.proving.trials import Samples, Trial
from runner.workloads.network_workload import NetworkWorkload

UPDATES = 3
"""Of :func:`alike` and :func:`one_batch`."""

SAMPLES, EPOCHS = 3, 3
"""Of :func:`in_turn`: (3!) ** 3 = 216 orders. One is that of the file in each epoch, and one
in 36 has three alike."""

_OPERATIONS = 30_000_000_000
"""Of a batch's way forward in :func:`alike` and :func:`one_batch`: seconds in NumPy."""

FEW = 8
"""Of :func:`small_batch`."""


def alike(workload: NetworkWorkload, seed: int, shares: int = 1) -> Trial:
    """Three batches of one sample over and over, the last of them smaller.

    Whatever the order, every update has the gradient of that sample: so the weights tell how many
    updates there were, and whether the smaller batch counts as a whole one. Each divides by
    ``shares``.
    """
    workload = _steady(workload)
    size = _batch(workload, shares)
    count = (UPDATES - 1) * size + _divisible(size // 3, shares)
    sample = drawn(1, workload, seed)
    samples = Samples(list(sample.contents) * count, list(sample.labels) * count)
    return Trial(_without_chance(workload, size), samples, epochs=1, seed=seed)


def one_batch(workload: NetworkWorkload, seed: int, shares: int = 1) -> Trial:
    """Samples that are all different, just as many as go into a batch, for three epochs.

    Of a network that is large the batch is smaller than the recipe's. It divides by ``shares``.
    """
    workload = _steady(workload)
    size = _batch(workload, shares)
    samples = drawn(size, workload, seed)
    return Trial(_without_chance(workload, size), samples, epochs=UPDATES, seed=seed)


def small_batch(workload: NetworkWorkload, seed: int) -> Trial:
    """As :func:`one_batch`, of ``FEW`` samples: as little as has every layer's gradient of several.

    A workload that is too large for NumPy in seconds gives a smaller one of the same layers.
    """
    small = workload.small or workload
    size = min(FEW, small.recipe.batch_size)
    samples = drawn(size, small, seed)
    return Trial(_without_chance(small, size), samples, epochs=UPDATES, seed=seed)


def in_turn(workload: NetworkWorkload, seed: int) -> Trial:
    """A few samples in batches of one: the weights tell in which order they came.

    Of the smaller network, if there is one: every possible order takes NumPy hundreds of updates,
    and in which one samples are taken has nothing to do with the layers.
    """
    small = workload.small or workload
    samples = drawn(SAMPLES, small, seed)
    return Trial(_without_chance(small, 1), samples, epochs=EPOCHS, seed=seed)


def _steady(workload: NetworkWorkload) -> NetworkWorkload:
    """The smaller network in place of one in which float32 by itself strays from NumPy.

    Of the many ReLUs between normalisations some input falls on the other side of 0, and all that
    follows is normalised anew: of one sample through ResNet-20 in one start of six.
    """
    keeps = workload.network.keeps_statistics()
    return (workload.small or workload) if keeps else workload


def _batch(workload: NetworkWorkload, shares: int) -> int:
    """How many samples make a batch that NumPy takes through the network in seconds."""
    most = max(2, _OPERATIONS // workload.operations())
    return _divisible(min(most, workload.recipe.batch_size), shares)


def _divisible(count: int, shares: int) -> int:
    """``count`` or the nearest smaller number, but not 0, that divides by ``shares``."""
    return max(shares, count - count % shares)


def drawn(count: int, workload: NetworkWorkload, seed: int) -> Samples:
    """``count`` samples of noise, no two alike, with labels in turn."""
    draw = random.Random(seed)  # noqa: S311 - data, not a secret
    contents = workload.format.drawn(count, draw)
    return Samples(contents, [number % workload.classes for number in range(count)])


def _without_chance(workload: NetworkWorkload, batch_size: int) -> NetworkWorkload:
    """``workload`` with nothing dropped, a steep rate, and batches of this size."""
    return dataclasses.replace(
        workload,
        network=workload.network.without_chance(),
        recipe=dataclasses.replace(
            workload.recipe, batch_size=batch_size, optimizer=workload.recipe.optimizer.steep()
        ),
    )
