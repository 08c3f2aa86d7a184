"""Ranks beside one rank alone: what is compared, and what is found out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from test_proving import frame, initial, trained

from runner.channel import Frame, tensors
from runner.proving import in_format, one_rank, plans, prove, questions
from runner.workloads import lookup

WORKLOAD = lookup.load("cnn-mnist")
TRIAL = plans.small_batch(WORKLOAD, 1)
BATCHES = [range(plans.FEW)] * plans.UPDATES


@pytest.fixture(scope="module")
def single():
    """What one rank makes of the batches."""
    return trained(TRIAL, BATCHES)


def by_ranks(single, weights=None, said=None):
    """The same by two ranks, which end with ``weights`` and say so, or something else."""
    weights = tensors(single.trained) if weights is None else weights
    own = WORKLOAD.digest(weights)
    ranks = [{"number": n, "weights_sha256": sha} for n, sha in enumerate(said or [own, own])]
    done = Frame(0.0, "done", {"ranks": ranks})
    return single._replace(trained=frame("trained", weights), done=done)


def seen(precision, shared, single):
    return {check.name: check for check in one_rank.checks(precision, shared, single)}


def off_by(single, share):
    """Weights that are so far from the single rank's as a share of their way."""
    start, end = tensors(single.untrained), tensors(single.trained)
    return [last + share * (last - first) for first, last in zip(start, end, strict=True)]


def test_ranks_that_make_the_weights_of_one_are_right(single):
    found = seen("float32", by_ranks(single), single)
    assert {name: check.ok for name, check in found.items()} == {
        "ranks-alike": True, "one-rank": True,
    }  # fmt: skip
    assert found["one-rank"].seen == 0.0


@pytest.mark.parametrize(
    ("precision", "share", "ok"),
    [("float32", 0.01, True), ("float32", 0.05, False), ("tf32", 0.05, False),
     ("bfloat16", 0.3, True), ("bfloat16", 0.5, False), ("float16", 0.2, False)],
)  # fmt: skip
def test_ranks_may_be_off_by_the_rounding_of_their_precision(single, precision, share, ok):
    found = seen(precision, by_ranks(single, off_by(single, share)), single)
    name = f"one-rank-in-{precision}" if precision in ("bfloat16", "float16") else "one-rank"
    assert found[name].ok is ok
    assert found[name].seen == pytest.approx(share, rel=0.01)


def test_a_rank_with_other_weights_than_were_handed_over_is_counted(single):
    own = WORKLOAD.digest(tensors(single.trained))
    found = seen("float32", by_ranks(single, said=[own, "f" * 64, "e" * 64]), single)
    assert (found["ranks-alike"].seen, found["ranks-alike"].ok) == (2.0, False)
    assert found["one-rank"].ok


def test_another_beginning_compares_nothing(single):
    other = frame("untrained", initial(2, TRIAL.workload.network))
    with pytest.raises(ValueError, match="begins with other weights"):
        one_rank.checks("float32", by_ranks(single), single._replace(untrained=other))


def test_ranks_that_say_nothing_are_an_answer_that_is_missing(single):
    checks = questions.answers(
        one_rank.names("float32"), lambda: one_rank.checks("float32", single, single)
    )
    assert [(check.name, check.ok) for check in checks] == [
        ("ranks-alike", None),
        ("one-rank", None),
    ]


def test_the_job_of_one_differs_in_nothing_else(make_result):
    settings = {"strategy": "data-parallel", "precision": "bfloat16", "mode": "tuned"}
    job = make_result(job={"settings": settings, "ranks": 8}).job
    found = one_rank.job_of_one(job)
    assert (found.settings.strategy, found.ranks) == ("default", None)
    again = {"strategy": "data-parallel"}
    assert found.settings.model_copy(update=again) == job.settings
    assert found.model_copy(update={"settings": job.settings, "ranks": 8}) == job


@pytest.mark.parametrize("shares", [1, 3, 8])
def test_the_trial_in_mixed_precision_is_shared_out_as_well(make_result, shares):
    job = make_result(job={"settings": {"precision": "bfloat16"}}).job
    plan = in_format.plan_of(job, shares)
    trial = plan(WORKLOAD, 1)
    assert len(trial.samples.labels) % shares == 0
    assert in_format.question(job, plan).plan is plan


def test_a_proof_of_ranks_tries_one_alone_in_each_precision(make_result, monkeypatch, tmp_path):
    """Nothing is started: which trials are asked for, and what is asked of them."""
    asked = []

    def run(job, trial, folder, progress):
        asked.append((job.settings.precision, job.settings.strategy, job.ranks))
        raise RuntimeError("not today")

    monkeypatch.setattr(prove.trials, "run", run)
    monkeypatch.setattr(prove.traceback, "print_exc", lambda: None)
    settings = {"strategy": "data-parallel", "precision": "bfloat16"}
    job = make_result(job={"settings": settings, "ranks": 2, "purpose": "prove"}).job
    job = job.model_copy(update={"sample_interval_s": None})
    found = prove.conformance(job, tmp_path, None)
    shared, alone = ("data-parallel", 2), ("default", None)
    assert asked[:5] == [
        ("float32", *shared), ("float32", *shared), ("bfloat16", *shared),
        ("float32", *alone), ("bfloat16", *alone),
    ]  # fmt: skip
    names = [check.name for check in found.checks if not check.skipped]
    assert names == [
        "updates", "update", "update-in-bfloat16", "ranks-alike", "one-rank",
        "ranks-alike-in-bfloat16", "one-rank-in-bfloat16", "float32",
    ]  # fmt: skip


def test_a_digest_is_of_trained_weights_alone():
    network = lookup.load("resnet20-cifar10")
    weights = initial(1, network.network)
    first = network.digest(weights)
    kept = [own.trained for own in network.network.weights()]
    statistics, trained_ = kept.index(False), kept.index(True)
    weights[statistics] = weights[statistics] + 1
    assert network.digest(weights) == first
    weights[trained_] = np.nextafter(weights[trained_], np.float32(9))
    assert network.digest(weights) != first
    assert lookup.load("dqn-bricks").digest([]) is None


def test_weights_of_another_network_have_another_digest():
    weights = initial(1)
    other = dataclasses.replace(WORKLOAD)
    assert other.digest(weights) == WORKLOAD.digest(weights) != WORKLOAD.digest(initial(2))
