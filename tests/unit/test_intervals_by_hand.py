"""Intervals, pairs and rank tests against figures reckoned otherwise: by hand, or by SciPy."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest
from scipy import stats

from harness.stats import medians, pairing, ranks
from harness.stats.describe import Sample, summary

_DRAW = np.random.default_rng(1)
TWO_ROWS = _DRAW.normal(10, 1, (2, 9))
OTHER_ROWS = _DRAW.normal(12, 2, (2, 7))


@pytest.fixture
def draw():
    return np.random.default_rng(1)


def test_the_rank_is_the_highest_that_holds_95_percent():
    assert medians.CONFIDENCE == 0.95
    for n in range(1, 120):
        fitting = [
            k
            for k in range(1, n // 2 + 2)
            if 40 * sum(math.comb(n, below) for below in range(k)) <= 2**n
        ]
        assert medians.rank(n) == max(fitting, default=1), n


def test_intervals_of_rows_are_those_of_each_row():
    low, middle, high = medians.of_rows(TWO_ROWS)
    assert list(zip(low, high, strict=True)) == [medians.interval(row.tolist()) for row in TWO_ROWS]
    assert middle.tolist() == [median(row) for row in TWO_ROWS.tolist()]
    ordered = sorted(TWO_ROWS[0])
    assert (low[0], high[0]) == (ordered[1], ordered[7])


def test_the_interval_of_a_ratio_is_movers():
    found = medians.ratio_of_rows(TWO_ROWS, OTHER_ROWS)
    for number, (a, b) in enumerate(zip(TWO_ROWS.tolist(), OTHER_ROWS.tolist(), strict=True)):
        (low_a, high_a), (low_b, high_b) = (
            map(math.log, medians.interval(side)) for side in (a, b)
        )
        log_a, log_b = math.log(median(a)), math.log(median(b))
        below = math.sqrt((log_b - low_b) ** 2 + (high_a - log_a) ** 2)
        above = math.sqrt((high_b - log_b) ** 2 + (log_a - low_a) ** 2)
        expected = [math.exp(log_b - log_a + step) for step in (-below, 0, above)]
        assert [bound[number] for bound in found] == pytest.approx(expected)
        assert medians.ratio_interval(a, b) == pytest.approx((expected[0], expected[2]))


def test_five_of_each_have_an_interval_of_the_ratio_and_four_have_none():
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert medians.ratio_interval(five, five) is not None
    assert medians.ratio_interval(five, five[:4]) is None
    assert medians.ratio_interval(five[:4], five) is None


def test_the_spread_of_three_values_and_of_a_median_of_zero():
    assert summary([1.0, 2.0, 4.0]).spread == pytest.approx(1.4826 * 1 / 2)
    assert summary([-1.0, 0.0, 1.0]).spread is None


def blocks(values, campaign="c"):
    return [Sample(value, (campaign, n), at=float(n)) for n, value in enumerate(values)]


def test_pairs_are_made_in_the_order_of_a_and_the_first_start_of_a_block_counts():
    a = [Sample(3.0, ("c", 2)), Sample(1.0, ("c", 1)), Sample(9.0, ("c", 1)), Sample(4.0, ("c", 4))]
    b = [Sample(10.0, ("c", 1)), Sample(30.0, ("c", 2)), Sample(99.0, ("c", 2))]
    found = pairing.pair(a, b)
    assert (found.how, found.values("a"), found.values("b")) == ("pairs", [3.0, 1.0], [30.0, 10.0])
    assert found.left_out == 3


def test_one_sample_without_a_block_makes_all_of_them_drawn():
    some = blocks([1.0, 2.0])
    assert pairing.pair(some, [*some, Sample(1.0)]).how == "drawn"
    assert pairing.pair([Sample(1.0), *some], some).how == "drawn"
    assert pairing.pair(some, some).how == "pairs"
    assert pairing.pair(some, blocks([1.0], "d")).how == "campaigns"
    # One campaign, and no block in common.
    apart = pairing.pair([Sample(1.0, ("c", 1))], [Sample(2.0, ("c", 2))])
    assert (apart.how, apart.left_out) == ("campaigns", 0)
    for sides in (([], some), (some, [])):
        with pytest.raises(ValueError, match="nothing"):
            pairing.pair(*sides)


@pytest.mark.parametrize(
    ("n", "paired", "lowest"),
    [
        (0, True, 1.0),
        (1, True, 1.0),
        (5, True, 2 / 252),
        (6, True, 2 / 64),
        (6, False, 2 / 924),
        (9, True, 2 / 512),
    ],
)
def test_the_lowest_p(n, paired, lowest):
    assert ranks.lowest_p(n, paired=paired) == pytest.approx(lowest)


def test_repeats_for_a_p_are_the_first_that_reach_it():
    assert ranks.repeats_for(2 / 252, 2, paired=True) == 5
    assert ranks.repeats_for(2 / 252 - 1e-9, 2, paired=False) == 6
    assert ranks.repeats_for(0.5, 9, paired=True) == 9


@pytest.mark.parametrize("rows", [1, 3])
def test_signed_ranks_are_scipys_with_and_without_ties(draw, rows):
    plain = draw.normal(0.1, 1, (rows, 8))
    tied = plain.copy()
    tied[:, 0], tied[:, 1] = -0.7, 0.7
    with_zero = plain.copy()
    with_zero[:, 3] = 0.0
    for logs, method in ((plain, "exact"), (tied, "asymptotic"), (with_zero, "asymptotic")):
        expected = [stats.wilcoxon(row, method=method).pvalue for row in logs]
        assert ranks.signed_rank(logs) == pytest.approx(expected)
    mixed = np.concatenate([plain, tied, np.zeros((1, 8))])
    expected = [stats.wilcoxon(row, method="exact").pvalue for row in plain]
    expected += [stats.wilcoxon(row, method="asymptotic").pvalue for row in tied]
    assert ranks.signed_rank(mixed) == pytest.approx([*expected, 1.0])


def test_a_rank_sum_in_the_middle_has_a_p_of_1_and_no_more():
    """U is 18 of 36: both halves hold it, so that twice the lower is above 1."""
    a, b = [1.0, 4.0, 5.0, 8.0, 9.0, 12.0], [2.0, 3.0, 6.0, 7.0, 10.0, 11.0]
    assert ranks.rank_sum(np.asarray([a]), np.asarray([b])).tolist() == [1.0]


@pytest.mark.parametrize(("n", "m"), [(5, 5), (6, 9), (9, 6), (40, 6), (6, 40), (41, 6), (6, 41)])
def test_rank_sums_are_scipys_exact_up_to_40_and_without_ties(draw, n, m):
    a, b = draw.normal(0, 1, (3, n)), draw.normal(0.5, 1, (3, m))
    method = "exact" if max(n, m) <= 40 else "asymptotic"
    expected = [
        stats.mannwhitneyu(*sides, method=method).pvalue for sides in zip(a, b, strict=True)
    ]
    assert ranks.rank_sum(a, b) == pytest.approx(expected)
    a[0, 0] = b[0, 1] = 0.25
    expected[0] = stats.mannwhitneyu(a[0], b[0], method="asymptotic").pvalue
    assert ranks.rank_sum(a, b) == pytest.approx(expected)
