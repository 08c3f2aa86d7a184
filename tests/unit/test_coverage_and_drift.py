"""What intervals and verdicts promise, tried on thousands of campaigns whose truth is known."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from harness.stats import medians, ranks, simulation
from harness.stats.verdicts import MARGIN, compare

CAMPAIGNS = 4000
ERROR = 3 * (0.05 * 0.95 / CAMPAIGNS) ** 0.5  # three standard errors of a rate of 5 %
RECORDED = json.loads(
    (Path(__file__).parents[1] / "recorded" / "tf_on_a_busy_machine.json").read_text()
)


def recorded(figure):
    column = RECORDED["columns"].index(figure)
    return [run[column] for run in RECORDED["runs"]]


def test_every_interval_from_6_on_covers_95_percent_and_none_could_be_narrower():
    assert medians.coverage(4) is None
    assert medians.coverage(5) == 0.9375
    for n in range(6, 300):
        assert medians.coverage(n) >= 0.95
        assert medians.rank(n) in (1, medians.rank(n - 1), medians.rank(n - 1) + 1)
    # One rank further in, 7 samples would hold the median in 87.5 % of all cases.
    assert (medians.rank(7), medians.rank(13), medians.rank(23)) == (1, 3, 7)


@pytest.mark.parametrize("n", [5, 6, 7, 10, 13, 23, 40])
@pytest.mark.parametrize("shape", simulation.SHAPES)
def test_intervals_hold_the_true_median_and_the_true_ratio(shape, n):
    a, middle = simulation.shaped(shape, CAMPAIGNS, n, seed=1)
    b, _ = simulation.shaped(shape, CAMPAIGNS, n, seed=2)
    of_median, of_ratio = simulation.covered(a, 1.3 * b, (middle, 1.3 * middle))
    assert of_median == pytest.approx(medians.coverage(n), abs=ERROR)
    assert of_ratio >= 0.95 - ERROR


def test_a_ratio_of_unlike_shapes_and_sizes_is_held_too():
    a, first = simulation.shaped("normal", CAMPAIGNS, 7, seed=1)
    b, second = simulation.shaped("two kinds, 30 %", CAMPAIGNS, 25, seed=2)
    assert simulation.covered(a, b, (first, second))[1] >= 0.95 - ERROR


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 6, 10, 20])
@pytest.mark.parametrize("kind", simulation.SERIES)
def test_shuffled_blocks_hold_false_verdicts_to_5_percent_whatever_drifts(kind, n):
    """Levels, drift and walk five times as strong as between campaigns, within one."""
    times = simulation.series(kind, CAMPAIGNS, 2 * n, per_campaign=max(1, n // 5))
    found = simulation.interleaved(times)
    assert found["faster"] + found["slower"] <= 0.05 * CAMPAIGNS
    assert simulation.interleaved(times, 1.3)["slower"] >= 0.5 * CAMPAIGNS


@pytest.mark.parametrize("kind", simulation.SERIES)
def test_campaigns_one_after_another_hold_it_too(kind):
    """With ten of the same before them, a difference of 20 % is found besides."""
    false, found = Counter(), Counter()
    for times in simulation.series(kind, 60, 60, per_campaign=5).tolist():
        for factor, counter in ((1.0, false), (1.2, found)):
            a, b, others = simulation.consecutive(times, 5, 50, factor)
            counter[compare(a, b, MARGIN, [others]).verdict] += 1
            assert compare(a, b).verdict == "ambiguous"
    assert false["faster"] + false["slower"] <= 3
    assert found["slower"] >= 15
    assert found["faster"] == found["same"] == 0


@pytest.mark.parametrize("with_others", [False, True])
@pytest.mark.parametrize("figure", ["fit_s", "job_cpu_s"])
def test_the_recorded_starts_cut_into_campaigns_give_no_more(figure, with_others):
    """The bootstrap of independent samples called 4 and 5 of these 31 pairs different."""
    verdicts = Counter()
    for first in range(31):
        a, b, others = simulation.consecutive(recorded(figure), 5, first)
        verdicts[compare(a, b, MARGIN, [others] if with_others else []).verdict] += 1
    assert verdicts.total() == 31
    assert verdicts["faster"] + verdicts["slower"] <= 0.05 * 31


def test_the_spread_is_used_only_if_it_reaches_over_three_times_as_long():
    times = simulation.series("level", 1, 60, per_campaign=5)[0].tolist()
    a, b, others = simulation.consecutive(times, 5, 50)
    near = compare(a, b, MARGIN, [others])
    assert (near.campaigns, near.test) == (10, "between-campaigns")
    assert near.high / near.low > (compare_alone := _alone(a, b)).high / compare_alone.low
    few = compare(a, b, MARGIN, [others[:15]])
    assert few.other_times
    assert "3 further campaigns" in few.reason
    far = compare(a[:5], _later(b, 30), MARGIN, [others])
    assert far.other_times
    assert "less than 3 times" in far.reason


def _alone(a, b):
    """The same values as if drawn in random order."""
    strip = [[type(sample)(sample.value) for sample in side] for side in (a, b)]
    return compare(*strip)


def _later(samples, hours):
    return [
        type(sample)(sample.value, sample.block, at=sample.at + 3600.0 * hours)
        for sample in samples
    ]


def test_several_campaigns_of_each_side_tell_their_own_spread():
    rows = simulation.series("level", 1, 60, per_campaign=5)[0].tolist()
    parts = [simulation.consecutive(rows, 5, 10 * n)[:2] for n in range(5)]
    a = [sample for first, _ in parts for sample in first]
    b = [sample for _, second in parts for sample in second]
    found = compare(a, b)
    assert (found.campaigns, found.pairs) == (10, 0)
    assert found.low < 1 < found.high


@pytest.mark.parametrize(("share", "slower"), [(0.2, 1.62), (0.2, 1.4), (0.3, 1.3), (0.25, 3.0)])
@pytest.mark.parametrize("n", [5, 8, 14, 20, 40])
@pytest.mark.parametrize("paired", [True, False])
def test_a_fifth_of_slow_starts_is_not_the_same(share, slower, n, paired):
    draw = np.random.default_rng(n)
    a, b = np.exp(draw.normal(0, 0.01, (2, CAMPAIGNS, n)))
    slow = np.where(draw.random(b.shape) < share, slower, 1.0)
    for first, second in ((a, b * slow), (a * slow, b)):
        found = simulation.counted(first, second, MARGIN, paired=paired)
        assert found["same"] <= (0.05 + ERROR) * CAMPAIGNS


@pytest.mark.parametrize("paired", [True, False])
def test_the_same_twice_is_called_the_same_from_14_starts_on(paired):
    draw = np.random.default_rng(1)
    a, b = np.exp(draw.normal(0, 0.01, (2, CAMPAIGNS, 14)))
    assert simulation.counted(a, b, MARGIN, paired=paired)["same"] >= 0.95 * CAMPAIGNS


def test_rank_tests_of_many_rows_are_scipys():
    from scipy import stats

    draw = np.random.default_rng(1)
    for n, m in ((5, 5), (6, 9), (12, 12)):
        a, b = draw.normal(0, 1, (20, n)), draw.normal(0.7, 1, (20, m))
        theirs = stats.mannwhitneyu(a, b, axis=1, method="exact").pvalue
        assert ranks.rank_sum(a, b) == pytest.approx(theirs)
    tied = np.asarray([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert ranks.rank_sum(tied, tied)[0] == pytest.approx(1.0)
    assert ranks.signed_rank(np.zeros((1, 6)))[0] == 1.0
    assert ranks.lowest_p(5, paired=True) == ranks.rank_sum(tied, tied + 10)[0]
    logs = draw.normal(1, 0.1, (1, 8))
    assert ranks.lowest_p(8, paired=True) == ranks.signed_rank(logs)[0]
