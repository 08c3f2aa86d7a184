"""Residual networks on CIFAR-10: what is stated, and that other work than theirs is found."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from runner.channel import Frame
from runner.networks import in_numpy, proof, sgd_in_numpy
from runner.networks.layers import BatchNorm, Conv
from runner.proving import order, plans, updates
from runner.proving.trials import Told
from runner.proving.weights_apart import arrays
from runner.workloads import lookup

RESNET, WIDE = (lookup.load(f"{name}-cifar10") for name in ("resnet20", "wide-resnet"))
SMALL = RESNET.small.network


def drawn(network, seed=1):
    """Weights as a backend draws them."""
    rng, found = np.random.RandomState(seed), []
    for weight in network.weights():
        if weight.initialiser == "glorot_uniform":
            edge = math.sqrt(6 / (math.prod(weight.shape[:-2]) * sum(weight.shape[-2:])))
            found.append(rng.uniform(-edge, edge, weight.shape).astype("f4"))
        else:
            found.append(getattr(np, weight.initialiser)(weight.shape, "f4"))
    return found


def frame(kind, weights):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    facts = {"shapes": [list(weight.shape) for weight in weights]}
    return Frame(0.0, kind, {**facts, "types": ["float32"] * len(weights)}, raw)


def told(trial, batches, network=None, recipe=None, frozen=()):
    """What a backend hands over that trains on these batches (lists of numbers of samples)."""
    start = drawn(trial.workload.network)
    inputs, labels = arrays(trial)
    recipe = recipe or trial.workload.recipe
    state = sgd_in_numpy.begin(recipe, start)
    for batch in batches:
        chosen = list(batch)
        state = sgd_in_numpy.updated(
            network or trial.workload.network, recipe, state, inputs[chosen], labels[chosen]
        )
        kept = [start[n] if n in frozen else own for n, own in enumerate(state.weights)]
        state = dataclasses.replace(state, weights=tuple(kept))
    trained = frame("trained", state.weights)
    return Told(trial, frame("untrained", start), trained, frame("done", []))


def with_norm(**changes):
    return SMALL.changed(
        lambda layer: (
            dataclasses.replace(layer, **changes) if isinstance(layer, BatchNorm) else layer
        )
    )


def at_rate(trial, **changes):
    optimizer = dataclasses.replace(trial.workload.recipe.optimizer, **changes)
    return dataclasses.replace(trial.workload.recipe, optimizer=optimizer)


def test_the_network_is_that_of_the_paper():
    network = RESNET.network
    assert network.parameters() == 272_474
    assert network.numbers() - network.parameters() == 1_568
    convolutions = [layer for layer, _ in network.leaves() if isinstance(layer, Conv)]
    assert len([layer for layer in convolutions if layer.kernel == (3, 3)]) == 19
    assert len([layer for layer in convolutions if layer.kernel == (1, 1)]) == 2
    assert [shape for shape in network.shapes() if len(shape) == 3][-1] == (8, 8, 64)
    assert not any(layer.bias for layer in convolutions)
    assert WIDE.network.parameters() == 4_327_754
    assert WIDE.network.operations() > 15 * network.operations()


def test_the_wide_network_is_evaluated_on_fewer_pictures_which_numpy_can_do():
    assert RESNET.test_samples_of(10_000) == 10_000
    assert WIDE.test_samples_of(10_000) == 2_000


@pytest.mark.slow
@pytest.mark.parametrize("workload", [RESNET, WIDE], ids=lambda workload: workload.name)
def test_an_untrained_network_is_near_chance(workload):
    images = np.random.RandomState(2).uniform(size=(8, 32, 32, 3)).astype("f4")
    likely = in_numpy.probabilities(workload.network, drawn(workload.network), images)
    loss, _ = in_numpy.loss_and_error(likely, np.arange(8))
    assert abs(loss - workload.start.value) < workload.start.margin
    assert workload.start.value == pytest.approx(math.log(10))


@pytest.mark.parametrize("workload", [RESNET, WIDE], ids=lambda workload: workload.name)
@pytest.mark.parametrize("plan", [plans.alike, plans.one_batch, plans.in_turn, plans.small_batch])
def test_updates_are_proven_of_the_smaller_network(workload, plan):
    trial = plan(workload, 1)
    assert trial.workload.network == SMALL
    whole = plan in (plans.alike, plans.one_batch)
    assert (trial.workload.recipe.batch_size == 128) is whole


BATCH = plans.small_batch(RESNET, 3)
ALL = [range(plans.FEW)] * 3


@pytest.mark.parametrize(
    ("batches", "changes", "ok"),
    [
        (ALL, {}, True),
        (ALL[:2], {}, False),
        ([range(4)] * 3, {}, False),
        (ALL, {"recipe": at_rate(BATCH, learning_rate=0.105)}, False),
        (ALL, {"recipe": at_rate(BATCH, momentum=0.85)}, False),
        (ALL, {"frozen": (5,)}, False),  # the kernel of the first block
        (ALL, {"frozen": (1, 2)}, False),  # a normalisation's own weights
        (ALL, {"frozen": (3, 4)}, False),  # its statistics
        (ALL, {"network": with_norm(momentum=0.99)}, False),
        (ALL, {"network": with_norm(epsilon=1e-1)}, False),
    ],
)
def test_other_updates_than_the_recipes_are_found(batches, changes, ok):
    checks = updates.of_one_batch(told(BATCH, batches, **changes))
    assert [check.name for check in checks] == ["update", "statistics"]
    assert all(check.ok for check in checks) is ok


def test_products_in_bfloat16_are_found(monkeypatch):
    exact = Conv.forward

    def coarse(layer, x, *weights):
        return exact(layer, *(bfloat16(values) for values in (x, *weights)))

    with monkeypatch.context() as patched:
        patched.setattr(Conv, "forward", coarse)
        sent = told(BATCH, ALL)
    update, _ = updates.of_one_batch(sent)
    assert update.ok is False


def bfloat16(values):
    """The upper half of each float32."""
    bits = np.ascontiguousarray(values, "<f4").view("<u4")
    return ((bits + 0x8000) & 0xFFFF0000).view("<f4").astype(values.dtype)


@pytest.mark.slow
@pytest.mark.parametrize(("shuffled", "ok"), [(True, True), (False, False)])
def test_the_order_of_samples_is_found(shuffled, ok):
    trial = plans.in_turn(RESNET, 3)
    epochs = [(1, 0, 2), (2, 1, 0), (0, 1, 2)] if shuffled else [(0, 1, 2)] * 3
    found = order.checks(told(trial, [[sample] for epoch in epochs for sample in epoch]))
    assert [check.ok for check in found] == [True, ok, ok]


def test_what_stays_and_what_is_coarse_shows_in_a_jobs_proofs():
    start = drawn(SMALL)
    moved = [weight + np.float32(0.01) * (1 + weight) for weight in start]
    frozen = list(moved)
    frozen[3] = start[3]  # a statistic
    assert proof.moved(start, moved).value == len(start)
    assert proof.moved(start, frozen).detail == "not number 4"
    assert proof.mantissa_bits(SMALL.trained(moved)) >= 17
    assert proof.mantissa_bits(SMALL.trained([bfloat16(weight) for weight in moved])) == 7
