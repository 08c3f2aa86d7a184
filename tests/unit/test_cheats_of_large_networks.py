"""Other work than the recipe's is found in networks too large for a whole run in a test.

What tests/integration/test_cheats.py shows of ``cnn-mnist`` with processes, on the small network
that such a workload proves its updates with.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runner.channel import Frame
from runner.networks import proof, sgd_in_numpy
from runner.networks.layers import Normal
from runner.proving import order, plans, updates
from runner.proving.trials import Told
from runner.proving.weights_apart import arrays
from runner.workloads import lookup

WORKLOADS = [
    name for name in lookup.names() if getattr(lookup.load(name), "small", None) is not None
]


def start(network):
    """First values, about as large as the layers state them."""
    rng, found = np.random.RandomState(1), []
    for weight in network.weights():
        if weight.initialiser in ("ones", "zeros"):
            found.append(getattr(np, weight.initialiser)(weight.shape).astype("<f4"))
            continue
        normal = isinstance(weight.initialiser, Normal)
        deviation = weight.initialiser.deviation if normal else sum(weight.shape[-2:]) ** -0.5
        found.append(rng.normal(0, deviation, weight.shape).astype("<f4"))
    return found


def frame(kind, weights, loss=0.0):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    shapes = [list(weight.shape) for weight in weights]
    facts = {"shapes": shapes, "types": ["float32"] * len(weights), "claims": {"test_loss": loss}}
    return Frame(0.0, kind, facts, raw)


def nothing(weights, before):
    """An honest backend does nothing to the weights but its updates."""
    del before
    return weights


def bfloat16(weights, before):
    """Weights that are kept in bfloat16."""
    del before
    words = [np.asarray(weight, "<f4").view("<u4") & 0xFFFF0000 for weight in weights]
    return tuple(word.view("<f4").astype(float) for word in words)


def frozen(weights, before):
    """The first tensor is not trained."""
    return (before[0], *weights[1:])


def diverged(weights, before):
    """The last tensor is no number any more."""
    return (*weights[:-1], np.full_like(before[-1], np.nan))


def told(trial, batches, after_each=nothing, **changes):
    """What a backend tells of a trial that trains on these batches (lists of samples)."""
    network, recipe = trial.workload.network, trial.workload.recipe
    if changes:
        optimizer = dataclasses.replace(recipe.optimizer, **changes)
        recipe = dataclasses.replace(recipe, optimizer=optimizer)
    first, (inputs, labels) = start(network), arrays(trial)
    state = sgd_in_numpy.begin(recipe, first)
    for batch in batches:
        chosen = list(batch)
        after = sgd_in_numpy.updated(network, recipe, state, inputs[chosen], labels[chosen])
        weights = after_each(after.weights, state.weights)
        state = dataclasses.replace(after, weights=tuple(weights))
    return Told(
        trial, frame("untrained", first), frame("trained", state.weights), frame("done", [])
    )


def learning_rate(workload, times):
    return {"learning_rate": times * workload.recipe.optimizer.learning_rate}


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize(
    ("cheat", "held"),
    [
        ("", True),
        ("skips", False),
        ("rate", False),
        ("frozen", False),
        ("bfloat16", False),
        ("diverged", False),
    ],
)
def test_other_updates_are_found(name, cheat, held):
    workload = lookup.load(name).small
    trial = plans.alike(workload, 1)
    size, count = trial.workload.batch_size, len(trial.samples.labels)
    batches = [range(count)[first : first + size] for first in range(0, count, size)]
    (check,) = updates.of_alike(
        told(
            trial,
            batches[: 2 if cheat == "skips" else 3],
            {"frozen": frozen, "bfloat16": bfloat16, "diverged": diverged}.get(cheat, nothing),
            **(learning_rate(workload, 1.02) if cheat == "rate" else {}),
        )
    )
    assert check.ok is held, check


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize(("part", "held"), [(1, True), (2, False)])
def test_a_part_of_the_batch_is_found(name, part, held):
    trial = plans.small_batch(lookup.load(name), 2)
    batch = list(range(len(trial.samples.labels)))[::part]
    check, *statistics = updates.of_one_batch(told(trial, [batch] * 3))
    assert check.ok is held, check
    assert [check.ok for check in statistics] == [held] * len(statistics)


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize(
    ("orders", "verdicts"),
    [
        ([(1, 0, 2), (2, 1, 0), (0, 1, 2)], [True, True, True]),
        ([(0, 1, 2)] * 3, [True, False, False]),
        ([(0, 0, 1), (1, 2, 0), (2, 1, 0)], [False, None, None]),
    ],
)
def test_the_order_of_samples_is_found(name, orders, verdicts):
    trial = plans.in_turn(lookup.load(name).small, 3)
    batches = [[sample] for epoch in orders for sample in epoch]
    assert [check.ok for check in order.checks(told(trial, batches))] == verdicts


@pytest.mark.parametrize("name", WORKLOADS)
def test_frozen_layers_and_coarse_weights_show_in_every_job(name):
    trial = plans.small_batch(lookup.load(name), 4)
    first = start(trial.workload.network)
    inputs, labels = arrays(trial)
    recipe = trial.workload.recipe
    state = sgd_in_numpy.updated(
        trial.workload.network, recipe, sgd_in_numpy.begin(recipe, first), inputs, labels
    )
    honest = [weight.astype("<f4") for weight in state.weights]
    assert proof.moved(first, honest).value == len(first)
    assert proof.mantissa_bits(honest) >= 17
    assert proof.moved(first, frozen(honest, first)).value == len(first) - 1
    assert proof.mantissa_bits([value.astype("<f4") for value in bfloat16(honest, first)]) == 7
