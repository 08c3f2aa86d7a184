"""Below a table of policies: what their returns are over seeds."""

from __future__ import annotations

import pytest

from harness.tables import rows
from harness.tables.sections import grouped


@pytest.fixture
def notes(make_result):
    def of(scores, metric="mean_return", seeds=None):
        made = [
            rows.row(make_result(job={"seed": seed}, measurement={"score": {
                "metric": metric, "value": score, "unit": "", "better": "higher", "samples": 200,
                "sampling_error": 0.05, "claimed": None, "verified": True,
            }}))
            for score, seed in zip(scores, seeds or range(123, 123 + len(scores)), strict=True)
        ]  # fmt: skip
        (section,) = grouped(made)
        return [note for note in section.notes if "return" in note]

    return of


def test_five_starts_have_an_interval(notes):
    (note,) = notes([1.0, 2.0, 3.0, 4.0, 5.0])
    assert "mean return 3.00 over 5 starts" in note
    assert "between 1.00 and 5.00" in note


def test_fewer_have_none_and_say_how_to_get_it(notes):
    (note,) = notes([1.0, 2.0])
    assert "--repeat 5 gives an interval over them" in note


def test_other_metrics_are_left_alone(notes):
    assert notes([0.7] * 5, metric="auc") == []


def test_starts_from_one_seed_again_say_nothing_of_other_seeds(notes):
    (note,) = notes([2.0] * 6, seeds=[123, 124] * 3)
    assert "--repeat 5 gives an interval over them" in note
    (note,) = notes([1.0, 1.2, 2.0, 3.0, 4.0, 5.0], seeds=[123, 123, 124, 125, 126, 127])
    assert "mean return 3.00 over 6 starts, the median of each of 5 seeds" in note
    assert "between 1.10 and 5.00" in note
