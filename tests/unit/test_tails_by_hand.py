"""Stray starts and two kinds of times against figures reckoned otherwise: by hand, or by SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.stats import modes, tails


@pytest.fixture
def draw():
    return np.random.default_rng(1)


def test_fourteen_starts_show_the_tails_alike():
    """0.8^13 = 0.055, 0.8^14 = 0.044."""
    assert tails.fewest() == 14
    assert tails.fewest(0.5) == 5
    assert tails.fewest(0.97) == 1


def test_a_start_is_astray_from_three_margins_or_three_deviations_on():
    quiet = np.asarray([[10.0] * 9 + [10.95]])
    scattered = np.asarray([[8.0, 8.5, 9.0, 9.5, 10.0, 10.0, 10.5, 11.0, 11.5, 12.0]])
    assert tails.far(0.03, quiet) == pytest.approx([1.09])
    deviation = 1.4826 * 0.1  # the distances are 0, 0, 0.05, 0.05, 0.1, 0.1, 0.15, ...
    assert tails.far(0.03, scattered) == pytest.approx([1 + 3 * deviation])
    # The narrower of two sides is the measure, each row by itself.
    assert tails.far(0.03, quiet, scattered) == pytest.approx([1.09])
    both = np.concatenate([scattered, 2 * quiet])
    assert tails.far(0.03, both, both[::-1]) == pytest.approx([1.09, 1.09])
    assert tails.far(0.03, both) == pytest.approx([1 + 3 * deviation, 1.09])


def test_starts_are_counted_on_both_sides_of_their_own_median():
    values = np.asarray([[10.0, 10.0, 10.0, 11.1, 8.9], [20.0, 20.0, 20.0, 22.0, 18.2]])
    below, above = tails.astray(values, np.asarray([1.1, 1.1]))
    assert (below.tolist(), above.tolist()) == ([1, 0], [1, 0])  # 22 is 1.1 times, not beyond
    at_the_limits = np.asarray([[10.0, 10.0, 10.0, 12.5, 8.0]])
    assert tails.astray(at_the_limits, np.asarray([1.25])) == ([0], [0])


def upper(x, n, y, m):
    """MOVER of the limits of Clopper and Pearson, written out."""
    low = stats.beta.ppf(0.05, x, n - x + 1) if x else 0.0
    high = stats.beta.ppf(0.95, y + 1, m - y) if y < m else 1.0
    return y / m - x / n + math.hypot(high - y / m, x / n - low)


@pytest.mark.parametrize(("far_a", "far_b"), [(0, 0), (3, 0), (0, 3), (1, 2)])
@pytest.mark.parametrize("way", [1.5, 1 / 1.5])
def test_the_difference_of_tails_is_the_upper_limit_of_both_ways_and_both_tails(far_a, far_b, way):
    a, b = np.full((1, 10), 5.0), np.full((1, 12), 7.0)
    a[0, :far_a] *= way
    b[0, :far_b] *= way
    expected = max(
        upper(far_a, 10, far_b, 12),
        upper(far_b, 12, far_a, 10),
        upper(0, 10, 0, 12),
        upper(0, 12, 0, 10),
    )
    assert tails.difference(a, b, 0.03, paired=False) == pytest.approx([expected])


@pytest.mark.parametrize(("up", "down"), [(0, 0), (3, 0), (0, 3), (1, 3), (2, 1)])
def test_of_pairs_ratios_stray_up_or_down(up, down):
    a, b = np.full((1, 12), 5.0), np.full((1, 12), 6.0)
    b[0, :up] *= 1.5
    a[0, 12 - down :] *= 1.5
    expected = max(upper(up, 12, down, 12), upper(down, 12, up, 12))
    assert tails.difference(a, b, 0.03, paired=True) == pytest.approx([expected])


def test_shares_of_all_and_of_none_have_an_end_at_1_and_0():
    low, high = tails._share_limits(4)
    assert (low[0], high[4]) == (0.0, 1.0)
    assert low[1:] == pytest.approx([stats.beta.ppf(0.05, x, 5 - x) for x in range(1, 5)])
    assert high[:4] == pytest.approx([stats.beta.ppf(0.95, x + 1, 4 - x) for x in range(4)])


def scatter(values):
    return ((values - values.mean()) ** 2).sum()


def test_the_best_cut_explains_the_greatest_share_of_the_variance(draw):
    rows = np.sort(np.concatenate([draw.random((3, 12)), draw.random((2, 12)) ** 6]), axis=1)
    share, cut = modes._best(rows)
    for number, row in enumerate(rows):
        total = ((row - row.mean()) ** 2).sum()
        explained = {
            size: 1
            - sum(((part - part.mean()) ** 2).sum() for part in (row[:size], row[size:])) / total
            for size in range(3, 10)  # a fifth of 12, rounded up, at each end
        }
        best = max(explained, key=explained.get)
        assert (cut[number], share[number]) == (best, pytest.approx(explained[best]))
    assert modes._best(np.ones((1, 12)))[0] == 0.0


def test_one_kind_in_a_hundred_is_taken_for_two():
    """The threshold is drawn from uniform samples; other draws exceed it about as often."""
    drawn = np.sort(np.random.default_rng(7).random((4000, 20)), axis=1)
    beyond = float((modes._best(drawn)[0] > modes._threshold(20)).mean())
    assert 0.004 < beyond < 0.017
    # Recorded: a verdict must not depend on the version of benchdl that gives it.
    assert [modes._threshold(n) for n in (5, 20)] == pytest.approx(
        [0.9915107133, 0.8917139263], rel=1e-6
    )


def test_two_kinds_take_two_and_a_fifth_in_the_smaller():
    assert [modes._smaller(n) for n in (1, 10, 11, 15, 16, 20)] == [2, 2, 3, 3, 4, 4]
    assert modes.kinds([1.0, 1.0, 9.0]) is None  # four can be two kinds, three cannot
    found = modes.kinds([1.0, 5.0, 1.0 + 1e-7, 5.0 + 1e-7, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0])
    assert (found.counts, found.middles) == ((5, 5), pytest.approx((1.0, 5.0)))
    assert modes.kinds([1.0, 1.0 + 1e-7, 5.0, 5.0 + 1e-7]).counts == (2, 2)
    assert modes.kinds([3.0] * 5 + [3.0 + 2.8e-9] * 5) is None  # what a clock's grain tells apart
    assert modes.kinds([3.0] * 5 + [3.0 + 3.2e-9] * 5).counts == (5, 5)
