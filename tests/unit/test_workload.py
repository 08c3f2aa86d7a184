"""What a workload says of itself, and that checks go by it: whatever is counted or judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checking import case

from harness.checks import registry
from runner.contract.work_and_score import Budget
from runner.workloads import lookup
from runner.workloads.learned import Learned
from runner.workloads.workload import Metric, Start

OWN = lookup.load("cnn-mnist")
AUC = Metric("auc", "", "higher")


def test_better_goes_one_way():
    rate = Metric("error_rate", "share", "lower")
    assert rate.worse(0.2, than=0.1)
    assert not rate.worse(0.1, than=0.1)
    assert AUC.worse(0.7, than=0.8)
    assert not AUC.worse(0.8, than=0.7)
    assert (rate.worsened(0.2, 0.1), AUC.worsened(0.8, 0.1)) == pytest.approx((0.3, 0.7))


def test_only_a_share_has_an_error_that_follows_from_its_samples():
    score = Metric("accuracy", "share", "higher").score(0.9, 10_000, claimed=0.9)
    assert score.sampling_error == pytest.approx(0.003, rel=1e-2)
    assert AUC.score(0.8, 10_000, claimed=None).sampling_error is None
    assert AUC.score(0.8, 10_000, claimed=None, sampling_error=0.004).sampling_error == 0.004


def test_laps_are_parts_of_the_budget_and_the_last_may_be_smaller():
    rounds = replace(OWN, lap=20)
    counts = [rounds.laps(Budget(unit="rounds", count=count)) for count in (1, 20, 21, 60)]
    assert counts == [1, 1, 2, 3]
    assert replace(OWN, lap=None).laps(Budget(unit="rounds", count=60)) == 0


@pytest.fixture
def codes(make_result, monkeypatch):
    """The findings on a run of a workload that is judged by its AUC, and on nothing else."""

    def found(value, changes, **score):
        workload = replace(OWN, metric=AUC, **changes)
        monkeypatch.setattr(lookup, "load", lambda name: workload)
        said = {"metric": "auc", "unit": "", "better": "higher", "value": value, "claimed": value}
        result = make_result(measurement={"score": {**said, "sampling_error": 0.01, **score}})
        return [finding.code for finding in registry.findings(case(result))]

    return found


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.80, []), (0.74, []), (0.71, ["not-learned"]), (0.95, []), (0.97, ["not-learned"])],
)
def test_where_higher_is_better_the_band_lies_the_other_way(codes, value, expected):
    """Demanded are 0.75, less three standard errors of 0.01; more than 0.96 is not believed."""
    learned = {"mnist": Learned(best=0.96, worst=((100, 0.75),))}
    assert codes(value, {"learned": learned}) == expected


def test_another_metric_than_the_workloads_is_other_work(codes):
    assert codes(0.8, {"learned": {}}, metric="r2") == ["other-work"]


def test_a_claim_without_a_margin_has_to_be_exact(codes):
    changes = {"learned": {}, "margins": {}}
    assert codes(0.8, changes, verified=True) == []
    assert codes(0.8, changes, verified=True, claimed=0.80001) == ["other-network"]
    assert codes(0.8, changes, verified=False, claimed=0.9) == []


def test_a_start_that_was_not_looked_at_is_no_finding(codes):
    assert codes(0.8, {"learned": {}, "start": Start("initial_loss", 3.0, 0.1)}) == []
