"""What a decoder drops is read off its weights, in each of its places."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.channel import Frame
from runner.networks import sgd_in_numpy
from runner.networks.layers import Attention, Dropout
from runner.proving import decoder_dropout
from runner.proving.trials import Told
from runner.proving.weights_apart import arrays
from runner.workloads import lookup

WORKLOAD = lookup.load("gpt-shakespeare")


@pytest.fixture(scope="module")
def trial():
    return decoder_dropout.plan(WORKLOAD, 3)


@pytest.fixture(scope="module")
def start(trial):
    rng = np.random.RandomState(1)
    return [
        np.ones(weight.shape, "<f4")
        if weight.initialiser == "ones"
        else rng.normal(0, weight.initialiser.deviation, weight.shape).astype("<f4")
        for weight in trial.workload.network.weights()
    ]


def frame(kind, weights):
    raw = b"".join(np.ascontiguousarray(weight, "<f4").tobytes() for weight in weights)
    shapes = [list(weight.shape) for weight in weights]
    return Frame(0.0, kind, {"shapes": shapes, "types": ["float32"] * len(weights)}, raw)


def found(trial, start, values=0.2, heads=0.2, scale=1.25):
    """The checks of a backend that drops these shares, and scales the rest so."""
    network, rng = trial.workload.network, np.random.RandomState(2)
    masks = []
    for layer, inputs in network.leaves():
        if isinstance(layer, Attention):
            kept = rng.uniform(size=(1, layer.heads, 1, 1)) >= heads
            masks.append(kept * (scale if heads else 1.0))
        elif isinstance(layer, Dropout):
            kept = rng.uniform(size=(1, *inputs)) >= values
            masks.append(kept * (scale if values else 1.0))
    inputs, labels = arrays(trial)
    recipe = trial.workload.recipe
    state = sgd_in_numpy.updated(
        network, recipe, sgd_in_numpy.begin(recipe, start), inputs, labels, iter(masks)
    )
    told = Told(
        trial, frame("untrained", start), frame("trained", state.weights), frame("done", [])
    )
    return {check.name: check for check in decoder_dropout.checks(told)}


def test_sound_dropout_is_found_sound(trial, start):
    checks = found(trial, start)
    assert [name for name, check in checks.items() if not check.ok] == []
    assert tuple(checks) == decoder_dropout.NAMES
    assert checks["dropout"].seen < 0.001
    assert checks["dropout-rate"].detail == "of 4608 values"
    assert checks["attention-dropout-rate"].detail == "of 512 heads"
    assert checks["dropout-rate"].tolerance == pytest.approx(4 * math.sqrt(0.16 / 4608))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"values": 0.0, "heads": 0.0}, {"dropout", "dropout-rate", "attention-dropout-rate"}),
        ({"heads": 0.0}, {"dropout", "attention-dropout-rate"}),
        # All values of a decoder 1.25 times as large are the same to its normalisation.
        ({"values": 0.0}, {"dropout-rate"}),
        ({"values": 0.15}, {"dropout-rate"}),
        ({"heads": 0.1}, {"attention-dropout-rate"}),
        ({"scale": 1.0}, {"dropout"}),
        ({"scale": 1.2}, {"dropout"}),
    ],
)
def test_other_dropout_is_found(trial, start, changes, wrong):
    checks = found(trial, start, **changes)
    assert {name for name, check in checks.items() if not check.ok} == wrong
