"""Whether the work was done that was asked for: every part of it, and one more or less."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import work


def told(check, case):
    return [(finding.code, finding.severity) for finding in check(case)]


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
