"""The rule of a verdict, the spread of campaigns and Holm's method, against figures by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from harness.stats import between, medians, ranks, rule, tails, verdicts
from harness.stats.describe import Sample


@pytest.fixture
def draw():
    return np.random.default_rng(1)


def seen(low=0.9, ratio=1.0, high=1.1, p=1.0, mean_ratio=1.0, stray=0.0):
    figures = (np.asarray([figure]) for figure in (low, ratio, high, p))
    return rule.Evidence(*figures, "rank-sum", np.asarray([mean_ratio]), np.asarray([stray]))


def verdict(**figures):
    return rule.verdicts(seen(**figures), 0.03)[0]


def test_a_difference_takes_interval_margin_and_p_and_each_of_them_can_refuse():
    slower = {"low": 1.001, "ratio": 1.04, "high": 1.1, "p": 0.05}
    assert verdict(**slower) == "slower"
    assert verdict(low=0.9, ratio=0.96, high=0.999, p=0.05) == "faster"
    for weaker in ({"low": 1.0}, {"ratio": 1.03}, {"p": 0.0501}):
        assert verdict(**{**slower, **weaker}) == "ambiguous"
    faster = {"low": 0.9, "ratio": 0.96, "high": 0.999, "p": 0.05}
    for weaker in ({"high": 1.0}, {"ratio": 1 / 1.03}, {"p": 0.0501}):
        assert verdict(**{**faster, **weaker}) == "ambiguous"


def test_the_same_takes_medians_means_and_tails_and_each_of_them_can_refuse():
    same = {"low": 1 / 1.03, "high": 1.03, "mean_ratio": 1.03, "stray": 0.2}
    assert verdict(**same) == "same"
    assert verdict(**{**same, "mean_ratio": 1 / 1.03}) == "same"
    for weaker in (
        {"low": 0.97}, {"high": 1.031}, {"mean_ratio": 1.031}, {"mean_ratio": 0.97},
        {"stray": 0.201},
    ):  # fmt: skip
        assert verdict(**{**same, **weaker}) == "ambiguous"


@pytest.mark.parametrize(("n", "paired", "test"), [
    (5, True, "rank-sum"), (6, True, "signed-rank"), (6, False, "rank-sum"),
])  # fmt: skip
def test_evidence_is_of_the_blocks_if_it_is_paired(draw, n, paired, test):
    a, b = draw.normal(10, 1, (2, n)), draw.normal(10.5, 1, (2, n))
    found = rule.evidence(a, b, 0.03, paired=paired)
    ends = medians.of_rows(b / a) if paired else medians.ratio_of_rows(a, b)
    p = ranks.signed_rank(np.log(b / a)) if test == "signed-rank" else ranks.rank_sum(a, b)
    assert found.test == test
    for name, expected in zip(("low", "ratio", "high", "p"), (*ends, p), strict=True):
        assert getattr(found, name) == pytest.approx(expected)
    assert found.mean_ratio == pytest.approx(b.sum(axis=1) / a.sum(axis=1))
    assert found.stray == pytest.approx(tails.difference(a, b, 0.03, paired=paired))


def test_what_widens_adds_as_errors_do_and_the_greater_p_counts(draw):
    a, b = draw.normal(10, 1, (2, 6)), draw.normal(13, 1, (2, 6))
    plain = rule.evidence(a, b, 0.03, paired=False)
    half, p = np.asarray([0.3, 0.4]), np.asarray([1e-9, 0.7])
    asked = []
    wide = rule.evidence(
        a, b, 0.03, paired=False, widen=lambda logs: asked.append(logs) or (half, p)
    )
    assert asked[0] == pytest.approx(np.log(plain.ratio))
    assert wide.test == "between-campaigns"
    assert wide.p.tolist() == [plain.p[0], 0.7]
    low, ratio, high = plain.low, plain.ratio, plain.high
    for row, more in enumerate((0.3, 0.4)):
        below = math.hypot(math.log(ratio[row] / low[row]), more)
        above = math.hypot(math.log(high[row] / ratio[row]), more)
        assert wide.low[row] == pytest.approx(ratio[row] / math.exp(below))
        assert wide.high[row] == pytest.approx(ratio[row] * math.exp(above))
    assert wide.ratio.tolist() == plain.ratio.tolist()


def test_half_a_width_is_that_of_the_logarithm():
    assert rule.half_width(0.5, 2.0) == pytest.approx(math.log(2))


def blocks(values, campaign="c"):
    return [Sample(value, (campaign, n), at=float(n)) for n, value in enumerate(values)]


def at(values, campaign, begin=0.0):
    return [Sample(value, (campaign, n), at=begin + n) for n, value in enumerate(values)]


FIVE = [10.0, 10.1, 9.9, 10.05, 9.95]
DAY = 86400.0


def of_campaigns(levels, apart_s=DAY, begin=7 * DAY):
    return [
        sample
        for number, level in enumerate(levels)
        for sample in at([level * value for value in FIVE], f"o{number}", begin + number * apart_s)
    ]


def test_the_spread_between_campaigns_is_that_of_their_log_medians():
    a, b = at(FIVE, "a", 4 * DAY), at(FIVE, "b", 5 * DAY)
    levels, others = [1.0, 1.02, 0.97, 1.05], [1.5, 1.4]
    found = between.spread(a, b, [of_campaigns(levels), of_campaigns(others)])
    logs = [np.log(levels), np.log(others)]
    squares = sum(((group - group.mean()) ** 2).sum() for group in logs)
    assert (found.freedom, found.campaigns) == (4, 6)
    assert found.sigma == pytest.approx(math.sqrt(squares / 4))
    error = found.sigma * math.sqrt(2)
    assert found.half_width(a, b) == pytest.approx(stats.t.ppf(0.975, 4) * error)
    assert found.p(0.1, a, b) == pytest.approx(2 * stats.t.sf(0.1 / error, 4))
    assert found.p(-0.1, a, b) == pytest.approx(found.p(0.1, a, b))
    assert between.Spread(0.0, 4, 6).p(0.1, a, b) == 1.0


def test_several_campaigns_of_a_side_make_it_surer_and_unequal_ones_less():
    single, two = at(FIVE, "a"), [*at(FIVE, "b"), *at(FIVE, "c")]
    uneven = [*at(FIVE, "b"), *at(FIVE[:2], "c")]
    spread = between.Spread(0.02, 4, 6)
    t = stats.t.ppf(0.975, 4)
    assert spread.half_width(single, two) == pytest.approx(t * 0.02 * math.sqrt(1 + 1 / 2))
    assert spread.half_width(single, uneven) == pytest.approx(t * 0.02 * math.sqrt(1 + 29 / 49))
    assert spread.half_width(two, single) == pytest.approx(t * 0.02 * math.sqrt(1 + 1 / 2))
    loose = [Sample(value) for value in FIVE]
    assert spread.half_width(loose, single) == pytest.approx(t * 0.02 * math.sqrt(2))


def test_four_further_campaigns_of_five_runs_each_over_three_times_as_long():
    a, b = at(FIVE, "a"), at(FIVE, "b", DAY)
    enough = of_campaigns([1.0, 1.01, 1.02, 1.03])
    assert between.spread(a, b, [enough]).campaigns == 4
    assert "3 further campaigns of the same (of 5 runs" in between.spread(a, b, [enough[:15]])
    assert "3 further campaigns" in between.spread(a, b, [enough[:19]])  # the fourth has four runs
    assert between.spread(a, b, [of_campaigns([1.0])]).startswith("no further campaigns")
    near = between.spread(a, b, [of_campaigns([1.0, 1.01, 1.02, 1.03], 0.999 * DAY)])
    assert near.startswith("the 4 campaigns of the same reach over 3.0 days, which is less than 3")
    assert near.endswith("the 1.0 days from A to B")
    hours = between.spread(at(FIVE, "a"), at(FIVE, "b", 7200), [of_campaigns([1, 2, 3, 4], 1800)])
    assert "reach over 1.5 h, which is less than 3 times the 2.0 h from" in hours
    almost = between.spread(
        at(FIVE, "a"), at(FIVE, "b", 23 * 3600), [of_campaigns([1, 2, 3, 4], 1)]
    )
    assert almost.endswith("less than 3 times the 23.0 h from A to B")
    undated = [Sample(sample.value, sample.block) for sample in enough[:5]]
    assert "3 further campaigns" in between.spread(a, b, [[*undated, *enough[5:]]])


def test_holm_asks_the_most_of_the_first_and_less_of_each_that_follows():
    """0.05 / 3, 0.05 / 2, 0.05: Bonferroni would ask 0.05 / 3 of all."""
    comparison = verdicts.compare(blocks(FIVE), blocks([1.5 * value for value in FIVE]))
    assert comparison.verdict == "slower"

    def among(*chances):
        found = verdicts.corrected([replace(comparison, p=p) for p in chances])
        return [corrected.verdict for corrected in found]

    assert among(0.05, 0.016, 0.025) == ["slower"] * 3
    assert among(0.051, 0.016, 0.025) == ["ambiguous", "slower", "slower"]
    assert among(0.04, 0.016, 0.026) == ["ambiguous", "slower", "ambiguous"]
    assert among(0.02, 0.02, 0.02) == ["ambiguous"] * 3
    assert among(0.05, None, 0.025) == ["slower"] * 3
    assert among(0.05) == ["slower"]


@pytest.mark.parametrize("n", [1, 2, 5, 8, 21, 60])
def test_signs_are_counted_as_scipy_counts_them(n):
    logs = np.random.RandomState(n).normal(0.3, 1, (50, n))
    expected = stats.wilcoxon(logs, axis=1, method="exact").pvalue
    assert ranks.signed_rank(logs) == pytest.approx(expected, rel=1e-12)
