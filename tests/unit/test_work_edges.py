"""Whether the work was done that was asked for: every part of it, and one more or less."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import work


def told(check, case):
    return [(finding.code, finding.severity) for finding in check(case)]


@pytest.mark.parametrize(
    ("asked", "says", "cpu_s", "device", "evidence"),
    [
        (2, 2, 30.5, "cpu", ""),
        (2, 2, 30.6, "cpu", "2 threads were asked for, the job used 3.1 cores while it trained"),
        (1, 8, 5.0, "cpu", "1 thread was asked for, the tool says 8"),
        (2, 1, 5.0, "cpu", "2 threads were asked for, the tool says 1"),
        (2, 0, 5.0, "cpu", ""),  # TensorFlow says so where a variable sets it
        (2, "2", 5.0, "cpu", ""),
        (2, None, None, "cpu", ""),
        (None, 8, 80.0, "cpu", ""),
        (1, 8, 80.0, "gpu", ""),
    ],
)
def test_a_job_computes_with_the_threads_that_were_asked_for(asked, says, cpu_s, device, evidence):
    case = SimpleNamespace(
        job=SimpleNamespace(threads=asked, device=device),
        measured=SimpleNamespace(
            attestation=SimpleNamespace(framework={"intra_op_threads": says}),
            cpu=SimpleNamespace(job_cpu_s=cpu_s),
            phases=SimpleNamespace(fit_s=10.0),
        ),
    )
    found = list(work.threads(case))
    assert [finding.evidence for finding in found] == ([evidence] if evidence else [])
    assert told(work.threads, case) == ([("unproven", "suspect")] if evidence else [])


def done(asked=None, laps=2, **changes):
    """Two laps of 64 samples each, one a step, or what is changed of it."""
    work = {"unit": "steps", "count": 128, "batch_size": 8, "train_samples": 128}
    metric = changes.pop("metric", "accuracy")
    return SimpleNamespace(
        job=SimpleNamespace(train_samples=asked, budget=SimpleNamespace(unit="laps")),
        workload=SimpleNamespace(
            unit="steps",
            batch_size=8,
            metric=SimpleNamespace(name="accuracy"),
            laps=lambda budget: 2,
            count=lambda samples, budget: samples,
        ),
        measured=SimpleNamespace(
            work=SimpleNamespace(**{**work, **changes}),
            score=SimpleNamespace(metric=metric),
            laps=[SimpleNamespace(number=number) for number in range(1, laps + 1)],
        ),
    )


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (done(), None),
        (done(asked=128), None),
        (done(asked=64), "128 samples instead of 64"),
        (done(unit="updates"), "updates instead of steps"),
        (done(count=127), "127 steps instead of 128"),
        (done(batch_size=16), "batches of 16 instead of 8"),
        (done(laps=1), "1 laps reported instead of 2"),
        (done(laps=3), "3 laps reported instead of 2"),
        (done(metric="loss"), "judged by loss instead of accuracy"),
        # Of an unknown number of samples there is nothing to do.
        (done(train_samples=None), "128 steps instead of 0"),
        (done(count=127, laps=0), "127 steps instead of 128, 0 laps reported instead of 2"),
    ],
)
def test_whatever_was_not_done_as_asked_is_named(case, words):
    found = list(work.amount(case))
    assert [finding.evidence for finding in found] == ([words] if words else [])
    assert told(work.amount, case) == ([("other-work", "invalid")] if words else [])


@pytest.mark.parametrize(
    ("expected", "trained", "found"), [(8, 8, False), (8, 7, True), (None, 7, False)]
)
def test_a_model_has_the_parameters_of_its_workload(expected, trained, found):
    case = SimpleNamespace(
        workload=SimpleNamespace(parameters=lambda: expected),
        measured=SimpleNamespace(work=SimpleNamespace(parameters=trained)),
    )
    assert told(work.model, case) == ([("other-network", "invalid")] if found else [])
