"""The two GPTs: what they are made of, what the judge makes of their weights, and who refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from checking import case

from harness import catalog
from harness.campaign import checked
from harness.campaign.plan import Configuration, Options
from harness.checks import registry
from harness.errors import UsageError
from harness.provision import discovery
from harness.shakespeare_works import CHARACTERS
from runner.backends import loading
from runner.networks import in_numpy
from runner.networks.layers import Attention, Dropout
from runner.proving import plans
from runner.workloads import lookup

LARGE, SMALL = (lookup.load(name) for name in ("gpt-shakespeare", "gpt-shakespeare-small"))
TEXT = discovery.load("shakespeare")
TINY = replace(LARGE.small, learned={}, name="gpt-shakespeare")


def test_they_are_nanogpts_by_parameters_and_updates():
    """Its 10.65 and 0.80 million are without positions; the last kernel is its own here."""
    assert LARGE.parameters() - 256 * 384 - 84 * 384 == 10_654_080
    assert SMALL.parameters() - 64 * 128 - 84 * 128 == 798_336
    due = [(LARGE, 17_779, 5004), (SMALL, 12_000, 2000)]
    for workload, windows, updates in due:
        assert workload.train_samples_of(TEXT.train_samples) == windows
        assert workload.count(windows, workload.budget) == updates
        assert workload.classes == len(CHARACTERS) == TEXT.classes
        assert workload.operations() == pytest.approx(
            2 * workload.format.block * workload.parameters(), rel=0.1
        )


def test_what_is_dropped_is_dropped_everywhere_in_the_large_and_nowhere_in_the_small():
    for workload, rate in ((LARGE, 0.2), (SMALL, 0.0)):
        leaves = [layer for layer, _ in workload.network.leaves()]
        assert {layer.dropout for layer in leaves if isinstance(layer, Attention)} == {rate}
        rates = [layer.rate for layer in leaves if isinstance(layer, Dropout)]
        assert rates == ([rate] * 13 if rate else [])
        assert workload.network.drops() is bool(rate)


def test_nothing_is_left_out_where_numpy_is_to_do_the_same():
    for plan in (plans.alike, plans.one_batch, plans.small_batch):
        network = plan(LARGE, 1).workload.network
        leaves = [layer for layer, _ in network.leaves()]
        assert {layer.rate for layer in leaves if isinstance(layer, Dropout)} == {0.0}
        assert {layer.dropout for layer in leaves if isinstance(layer, Attention)} == {0.0}
        assert not network.drops()


def test_a_batch_that_is_proven_is_no_larger_than_numpy_can_take():
    sizes = [plans.one_batch(workload, 1).workload.batch_size for workload in (LARGE, SMALL)]
    assert sizes == [4, 12]
    assert len(plans.one_batch(LARGE, 1).samples.labels) == 4
    assert len(plans.alike(LARGE, 1).samples.labels) == 4 + 4 + 1


@pytest.fixture
def text():
    """Windows in which each character follows from the one before it."""
    block, classes = TINY.format.block, TINY.classes
    start = np.random.RandomState(1).randint(0, classes, 12)
    windows = (start[:, None] + np.arange(block + 1)) % classes
    inputs, labels = windows[:, :-1].astype("int32"), windows[:, 1:]
    return SimpleNamespace(
        train_inputs=inputs[:4], train_labels=labels[:4],
        test_inputs=inputs[4:], test_labels=labels[4:],
    )  # fmt: skip


def start(scale=1.0):
    rng = np.random.RandomState(2)
    return [
        np.ones(weight.shape, "f4")
        if weight.initialiser == "ones"
        else (scale * rng.normal(0, weight.initialiser.deviation, weight.shape)).astype("f4")
        for weight in TINY.network.weights()
    ]


def test_the_judge_finds_the_loss_per_character_and_its_error_by_windows(text):
    first, second = start(), start(3.0)
    claims = {"test_loss": 4.0, "error_rate": 0.9}
    opinion = TINY.opinion(first, second, text, claims)
    likely = in_numpy.probabilities(TINY.network, second, text.test_inputs)
    places = np.ogrid[: len(likely), : likely.shape[1]]
    losses = -np.log(likely[(*places, text.test_labels)]).mean(axis=1)
    assert opinion.score.value == pytest.approx(losses.mean(), rel=1e-6)
    assert opinion.score.sampling_error == pytest.approx(
        losses.std(ddof=1) / math.sqrt(8), rel=1e-5
    )
    assert (opinion.score.samples, opinion.score.claimed, opinion.score.unit) == (8, 4.0, "nats")
    proofs = {proof.name: proof for proof in opinion.proofs}
    assert proofs["initial_loss"].value == pytest.approx(math.log(84), abs=0.05)
    assert proofs["error_rate"].claimed == 0.9
    assert proofs["tensors_moved"].value < proofs["tensors_moved"].expected  # gammas have not
    assert opinion.parameters == TINY.parameters()


@pytest.mark.parametrize(("claimed", "told"), [(2.005, False), (2.007, True)])
def test_a_loss_that_is_not_the_weights_is_found(make_result, monkeypatch, claimed, told):
    monkeypatch.setattr(lookup, "load", lambda name: replace(SMALL, learned={}))
    said = {"metric": "loss_per_character", "unit": "nats", "better": "lower", "value": 2.0,
            "claimed": claimed, "verified": True, "sampling_error": 0.01}  # fmt: skip
    result = make_result(measurement={"score": said})
    words = "loss per character 2.0000 nats in NumPy, the backend says 2.0070 nats"
    evidence = " ".join(finding.evidence for finding in registry.findings(case(result)))
    assert (words in evidence) is told


def test_of_few_windows_nothing_is_demanded(make_result):
    job = make_result().job
    for windows, work in ((599, 0), (600, 300), (None, 300)):
        wanted = job.model_copy(update={"train_samples": windows})
        assert SMALL.at_recipe(wanted, 300) == work
    assert SMALL.at_recipe(job.model_copy(update={"batch_size": 6}), 300) == 150
    assert SMALL.learned["shakespeare"].worst_score(0) is None


@pytest.mark.parametrize(("name", "lacks"), [("theano", "LayerNorm"), ("mxnet", "Positions")])
@pytest.mark.parametrize("workload", [LARGE, SMALL])
def test_tools_without_attention_refuse_in_one_line(name, lacks, workload):
    with pytest.raises(UsageError) as refused:
        checked.given(
            [Configuration(backend=name, device="cpu")],
            Options(backends=[name], workload=workload.name),
        )
    assert "\n" not in str(refused.value)
    assert f"backend '{name}' does not have workload '{workload.name}'" in str(refused.value)
    assert loading.load(name).supports(workload).endswith(f"of the layer {lacks}")
    assert workload.name not in catalog.load(name).spec.workloads


def test_training_samples_are_windows():
    options = Options(backends=["torch"], workload=SMALL.name, train_samples=12_000)
    assert checked.combined(options).configurations
    for count, size, words in (
        (12_001, None, "12,001 training samples asked for"),
        (10, 12, "a batch size of 12 with 10"),
    ):
        wanted = options.model_copy(update={"train_samples": count, "batch_sizes": [size]})
        with pytest.raises(UsageError, match=words):
            checked.combined(wanted)
