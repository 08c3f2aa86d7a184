"""A network judged by the AUC: what the judge makes of its weights, and of wrong ones."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
from checking import case

from harness.checks import registry
from runner.networks import sgd_in_numpy
from runner.proving.trials import Samples, Trial
from runner.proving.weights_apart import arrays
from runner.scoring import auc
from runner.workloads import lookup

WORKLOAD = lookup.load("mlp-flights")
ROWS = 2400


@pytest.fixture(scope="module")
def rows():
    """Drawn flights; the late ones are those of some months and hours, and some by chance."""
    draw = random.Random(1)
    samples = WORKLOAD.format.drawn(ROWS, draw)
    inputs, _ = arrays(Trial(WORKLOAD, Samples(samples, [0] * ROWS), epochs=1, seed=1))
    months, hour = inputs[:, :12].argmax(axis=1), inputs[:, 50]
    labels = (months + 12 * hour + np.random.RandomState(1).normal(size=ROWS) > 12).astype(int)
    return SimpleNamespace(
        train_inputs=inputs[:1400], train_labels=labels[:1400],
        test_inputs=inputs[1400:], test_labels=labels[1400:],
    )  # fmt: skip


@pytest.fixture(scope="module")
def weights(rows):
    """Before and after three epochs in NumPy."""
    draw, first = np.random.RandomState(2), []
    for weight in WORKLOAD.network.weights():
        limit = np.sqrt(6 / sum(weight.shape)) if weight.initialiser == "glorot_uniform" else 0
        first.append(draw.uniform(-limit, limit, weight.shape).astype("<f4"))
    state, size = sgd_in_numpy.begin(WORKLOAD.recipe, first), WORKLOAD.batch_size
    for _ in range(3):
        order = draw.permutation(len(rows.train_labels))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            state = sgd_in_numpy.updated(
                WORKLOAD.network, WORKLOAD.recipe, state,
                rows.train_inputs[batch], rows.train_labels[batch],
            )  # fmt: skip
    return first, [weight.astype("<f4") for weight in state.weights]


def opinion(rows, weights, claims=(0.5, 0.3)):
    return WORKLOAD.opinion(*weights, rows, dict(zip(WORKLOAD.told, claims, strict=True)))


def test_its_network_is_the_one_that_is_stated():
    assert WORKLOAD.parameters() == 75_802
    assert WORKLOAD.operations() == 2 * (175 * 200 + 200 * 200 + 200 * 2)
    assert WORKLOAD.count(228_521, WORKLOAD.budget) == 5 * 1786


def test_the_score_is_the_auc_of_the_trained_weights(rows, weights):
    found = opinion(rows, weights)
    hidden = rows.test_inputs.astype(np.float64)
    trained = [weight.astype(np.float64) for weight in weights[1]]
    for kernel, bias in zip(trained[0:4:2], trained[1:4:2], strict=True):
        hidden = np.maximum(0, hidden @ kernel + bias)
    logits = hidden @ trained[4] + trained[5]
    by_hand = auc.of_scores(logits[:, 1] - logits[:, 0], rows.test_labels)
    assert found.score.value == pytest.approx(by_hand.value, abs=1e-4)
    assert found.score.sampling_error == pytest.approx(by_hand.standard_error, rel=0.01)
    assert found.score.value > 0.8
    assert (found.score.metric, found.score.better, found.score.verified) == ("auc", "higher", True)
    assert found.parameters == 75_802
    proofs = {proof.name: proof for proof in found.proofs}
    wrong = (logits.argmax(axis=1) != rows.test_labels).mean()
    assert proofs["error_rate"].value == pytest.approx(wrong, abs=0.002)
    assert proofs["error_rate"].claimed == 0.3
    assert proofs["initial_auc"].value == pytest.approx(0.5, abs=0.14)


def codes(make_result, rows, weights, **claims):
    found = opinion(rows, weights)
    values = {proof.name: proof.value for proof in found.proofs}
    told = [values["test_loss"], claims.get("error_rate", values["error_rate"])]
    found = opinion(rows, weights, told)
    result = make_result(
        job={"workload": "mlp-flights", "dataset": "synthetic-flights"},
        measurement={
            "work": {"parameters": found.parameters},
            "score": found.score.model_dump(),
            "proofs": [proof.model_dump() for proof in found.proofs],
        },
    )
    said = registry.findings(case(result))
    return {finding.code for finding in said}


def test_weights_that_had_trained_before_are_found(make_result, rows, weights):
    assert "other-start" not in codes(make_result, rows, weights)
    assert "other-start" in codes(make_result, rows, (weights[1], weights[1]))


def test_another_error_rate_than_that_of_the_weights_is_found(make_result, rows, weights):
    assert "other-network" not in codes(make_result, rows, weights)
    assert "other-network" in codes(make_result, rows, weights, error_rate=0.01)
