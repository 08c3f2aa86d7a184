"""Score and loss at the very figure from which on nothing, or too much, was learned."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import learning
from runner.contract.work_and_score import Lap, Proof, Score
from runner.workloads.learned import Learned
from runner.workloads.workload import Metric

ERRORS = Metric("error_rate", "share", "lower")
REWARD = Metric("reward", "", "higher")


@pytest.fixture(autouse=True)
def own_recipe(monkeypatch):
    """Every job here is one of the workload's own settings."""
    own = SimpleNamespace(at_recipe=lambda job, count: count)
    monkeypatch.setattr(learning.lookup, "load", {"w": own}.__getitem__)


def case(learned, metric=ERRORS, *, value=0.0, count=100, losses=(), proofs=(), **score):
    found = Score(metric=metric.name, unit=metric.unit, better=metric.better, value=value, **score)
    return SimpleNamespace(
        job=SimpleNamespace(workload="w", dataset="d"),
        workload=SimpleNamespace(metric=metric, learned={"d": learned} if learned else {}),
        measured=SimpleNamespace(
            score=found,
            work=SimpleNamespace(count=count, unit="updates"),
            laps=[Lap(number=n, duration_s=1.0, loss=loss) for n, loss in enumerate(losses, 1)],
            proof={proof.name: proof for proof in proofs}.get,
        ),
    )


def told(check, asked):
    return [(finding.code, finding.severity) for finding in check(asked)]


NOT_LEARNED = [("not-learned", "invalid")]


@pytest.mark.parametrize(
    ("value", "samples", "found"),
    [
        (0.01, 10_000, []),
        (0.0129, 10_000, []),  # 1 % and three standard errors of 10,000: 1.30 %
        (0.0131, 10_000, NOT_LEARNED),
        (0.7, None, []),  # of one sample the standard error is 25 %
        (0.78, None, NOT_LEARNED),
        (0.002, 10_000, []),  # the best that is believed
        (0.0019, 10_000, NOT_LEARNED),
    ],
)
def test_an_error_rate_is_between_the_best_and_the_worst_with_its_error(value, samples, found):
    asked = case(Learned(best=0.002, worst=((50, 0.01),)), value=value, samples=samples)
    assert told(learning.score, asked) == found


@pytest.mark.parametrize(
    ("value", "error", "found"),
    [
        (10.0, None, []),
        (9.9, None, NOT_LEARNED),
        (4.0, 2.0, []),
        (3.9, 2.0, NOT_LEARNED),
        (50.0, None, []),
        (50.1, None, NOT_LEARNED),
    ],
)
def test_of_a_score_that_is_no_share_the_error_is_its_own(value, error, found):
    learned = Learned(best=50.0, worst=((50, 10.0),))
    asked = case(learned, REWARD, value=value, samples=7, sampling_error=error)
    assert told(learning.score, asked) == found


def test_it_is_said_what_was_expected_and_what_the_loss_was():
    learned = Learned(best=0.002, worst=((50, 0.01),))
    losses = [2.0, 1.5, None]
    (finding,) = learning.score(case(learned, value=0.5, samples=10_000, losses=losses))
    assert finding.evidence == (
        "error rate 50.00% after 100 updates on d, expected 0.20% to 1.30%; last loss 1.500"
    )
    # After so little work anything may be, but for what only a cheat reaches.
    assert told(learning.score, case(learned, value=0.9, count=49)) == []
    (finding,) = learning.score(case(learned, value=0.001, count=49))
    assert finding.evidence == (
        "error rate 0.10% after 49 updates on d, expected 0.20% to anything"
    )


@pytest.mark.parametrize("check", [learning.score, learning.proven_figures])
def test_of_a_dataset_without_bands_nothing_is_expected(check):
    proofs = [Proof(name="train_loss", value=9.0)]
    assert told(check, case(None, value=0.9, proofs=proofs)) == []


BANDS = Learned(
    best=0.0, worst=(), highest={"other": ((1, 1.0),), "train_loss": ((50, 0.5), (200, 0.25))}
)


@pytest.mark.parametrize(
    ("proofs", "count", "found"),
    [
        ({"train_loss": 0.5}, 50, []),
        ({"train_loss": 0.501}, 50, NOT_LEARNED),
        ({"train_loss": 0.35}, 100, []),  # half of the way: the root of 0.5 x 0.25 is 0.3536
        ({"train_loss": 0.36}, 100, NOT_LEARNED),
        ({"train_loss": 0.25}, 900, []),
        ({"train_loss": 0.26}, 900, NOT_LEARNED),
        ({"train_loss": 9.0}, 49, []),
        ({"train_loss": None}, 900, []),
        ({"other": 0.5, "train_loss": 0.26}, 900, NOT_LEARNED),
        ({"other": None, "train_loss": 0.26}, 900, NOT_LEARNED),
        ({"other": 1.1, "train_loss": 0.26}, 900, NOT_LEARNED * 2),
        ({}, 900, []),
    ],
)
def test_a_loss_is_at_most_that_of_sound_runs_with_so_much_work(proofs, count, found):
    asked = case(BANDS, count=count, proofs=[Proof(name=n, value=v) for n, v in proofs.items()])
    assert told(learning.proven_figures, asked) == found


def test_a_loss_that_is_too_high_is_told_beside_the_band():
    asked = case(BANDS, count=200, proofs=[Proof(name="train_loss", value=0.75)])
    (finding,) = learning.proven_figures(asked)
    assert finding.evidence == (
        "the trained model has a train loss of 0.7500 after 200 updates, sound runs have at most "
        "0.2500"
    )
    assert finding.advice.startswith("less or other work was done than claimed")
