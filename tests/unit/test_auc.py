"""The area under the ROC curve: by its definition, with ties, and its error by drawing again."""

from __future__ import annotations

import numpy as np
import pytest

from runner.scoring import auc


def by_definition(scores, labels):
    pairs = [
        (high > low) + (high == low) / 2
        for high, positive in zip(scores, labels, strict=True)
        for low, label in zip(scores, labels, strict=True)
        if positive and not label
    ]
    return float(np.mean(pairs))


@pytest.mark.parametrize("levels", [4, 1000])
def test_it_is_the_share_of_pairs_in_order(levels):
    draw = np.random.RandomState(3)
    labels = draw.randint(0, 2, 60)
    scores = draw.randint(0, levels, 60) / levels + labels / 5
    assert auc.of_scores(scores, labels).value == pytest.approx(by_definition(scores, labels))


def test_the_ends_and_the_middle():
    labels = np.array([0, 0, 1, 1])
    assert auc.of_scores([0.1, 0.2, 0.3, 0.4], labels) == (1.0, 0.0)
    assert auc.of_scores([0.4, 0.3, 0.2, 0.1], labels).value == 0.0
    assert auc.of_scores([0.5] * 4, labels).value == 0.5


def test_its_standard_error_is_the_spread_over_samples_drawn_again():
    draw, found = np.random.RandomState(4), []
    for _ in range(600):
        labels = (draw.uniform(size=400) < 0.2).astype(int)
        found.append(auc.of_scores(draw.normal(size=400) + labels, labels))
    spread = np.std([estimate.value for estimate in found])
    assert np.mean([estimate.standard_error for estimate in found]) == pytest.approx(
        spread, rel=0.1
    )


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.1, float("nan")], [0, 1], "not a finite number"),
        ([0.1, 0.2], [1, 1], "no sample"),
        ([0.1], [0, 1], "shape"),
    ],
)
def test_what_has_no_area_is_an_error(scores, labels, message):
    with pytest.raises(ValueError, match=message):
        auc.of_scores(scores, labels)
