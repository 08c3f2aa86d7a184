"""Statistics: what may be said of few samples, of paired ones, and of many comparisons at once."""

from __future__ import annotations

import math
from datetime import datetime, timezone

import pytest

from harness.stats import describe, verdicts
from harness.stats.describe import Sample
from harness.tables import rows, sampled

SUSPECT = {
    "findings": [
        {"code": "foreign-load", "severity": "suspect", "evidence": "40 s", "advice": "again"}
    ]
}
STEADY = [10.0, 10.1, 9.9, 10.05, 9.95, 10.02, 9.98, 10.08, 9.92, 10.01]


def alone(values):
    return [Sample(value) for value in values]


def in_blocks(values, campaign="c"):
    return [Sample(value, (campaign, number)) for number, value in enumerate(values, 1)]


def scaled(values, factor):
    return [factor * value for value in values]


def test_a_summary_keeps_every_value_and_says_how_sure_the_median_is():
    summary = describe.summary(STEADY)
    assert (summary.n, summary.values) == (10, tuple(STEADY))
    assert summary.median == pytest.approx(10.005)
    assert 9.9 < summary.low < summary.median < summary.high < 10.1
    assert summary.spread == pytest.approx(1.4826 * 0.05 / 10.005)
    assert summary.coverage == pytest.approx(1 - 2 * 11 / 1024)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_samples_have_no_interval(n):
    summary = describe.summary(STEADY[:n])
    assert (summary.low, summary.high) == (None, None)
    assert (summary.spread is None) == (n < 3)


@pytest.mark.parametrize(("n", "chance"), [(5, 1 / 16), (6, 1 / 32), (7, 1 / 64), (9, 20 / 512)])
def test_the_interval_misses_the_median_as_often_as_the_binomial_distribution_says(n, chance):
    """By hand: of 9 the second lowest and highest, which 2 x (1 + 9) of 512 patterns miss."""
    assert describe.summary(STEADY[:n]).coverage == pytest.approx(1 - chance)
    ordered = sorted(STEADY[:n])
    end = 1 if n == 9 else 0
    assert describe.interval(STEADY[:n]) == (ordered[end], ordered[-1 - end])


def test_so_many_samples_have_an_interval_that_no_float_has_their_patterns():
    """2^1024 is above every float; by the normal distribution the ends are 1.96 sqrt(n) / 2 off."""
    n = 2000
    summary = describe.summary([float(number) for number in range(n)])
    off = 1.96 * math.sqrt(n) / 2
    assert (summary.low, summary.high) == pytest.approx((n / 2 - off, n / 2 + off), abs=2)
    assert describe.CONFIDENCE <= summary.coverage < describe.CONFIDENCE + 0.005


def test_equal_samples_have_an_interval_of_one_point():
    assert describe.interval([2.0] * 6) == (2.0, 2.0)
    assert describe.ratio_interval([2.0] * 6, [3.0] * 6) == pytest.approx((1.5, 1.5))


def test_nothing_has_no_summary():
    with pytest.raises(ValueError, match="nothing"):
        describe.summary([])


def test_suspect_rows_count_only_while_there_is_no_good_one(make_result):
    good, suspect = rows.row(make_result()), rows.row(make_result(**SUSPECT))
    failed = rows.row(
        make_result(
            status="failed", measurement=None, failure={"reason": "timeout", "message": "late"}
        )
    )
    assert sampled.usable([suspect, good, failed]) == [good]
    assert sampled.usable([failed, suspect]) == [suspect]
    assert sampled.usable([failed]) == []


def test_a_row_is_a_sample_in_its_block(make_result):
    row = rows.row(make_result(job={"repeat": 3}))
    began = datetime(2026, 11, 23, 12, tzinfo=timezone.utc).timestamp()
    assert sampled.samples([row]) == [Sample(row.time_s, (row.campaign_id, 3), row.run_id, began)]
    one_epoch = rows.Row({**row.values, "steady_epoch_s": None})
    assert sampled.samples([one_epoch], "steady_epoch_s") == []


@pytest.mark.parametrize(("n_a", "n_b"), [(1, 1), (1, 20), (4, 4), (3, 10)])
def test_too_few_samples_never_give_a_verdict(n_a, n_b):
    """Not even where one is a hundred times slower: the ratio is told, and that it is not sure."""
    a, b = (STEADY * 2)[:n_a], scaled((STEADY * 2)[:n_b], 100)
    found = verdicts.compare(alone(a), alone(b))
    assert found.verdict == "ambiguous"
    assert (found.low, found.high, found.p) == (None, None, None)
    assert found.ratio == pytest.approx(100, rel=0.02)
    assert found.more >= 5 - min(n_a, n_b)
    assert "too few samples" in found.reason
    assert ("one run says nothing" in found.reason) == (1 in (n_a, n_b))


def test_the_lowest_p_of_few_samples_is_that_of_mann_and_whitney():
    reason = verdicts.compare(alone(STEADY[:3]), alone(scaled(STEADY[:3], 5))).reason
    assert "p = 0.1" in reason  # 2 / (6 over 3)


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "slower"), (1 / 1.2, "faster")])
@pytest.mark.parametrize("as_samples", [alone, in_blocks])
def test_a_clear_difference_is_found_both_ways(as_samples, factor, verdict):
    found = verdicts.compare(as_samples(STEADY), as_samples(scaled(STEADY[::-1], factor)))
    assert found.verdict == verdict
    assert found.low < found.ratio < found.high
    assert found.ratio == pytest.approx(factor, rel=0.02)
    assert found.p < 0.01
    assert found.more is None


def test_same_needs_the_whole_interval_within_the_margin():
    a, b = alone(STEADY * 2), alone(scaled(STEADY * 2, 1.005))
    assert verdicts.compare(a, b, margin=0.03).verdict == "same"
    narrow = verdicts.compare(a, b, margin=0.001)
    assert narrow.verdict == "ambiguous"
    assert narrow.more is None or narrow.more > 1


def test_a_real_difference_within_the_margin_is_neither_faster_nor_slower():
    a = in_blocks([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0])
    b = [1.025 + step for step in (0.01, -0.01, 0.008, -0.006, 0.004, -0.008, 0.009, 0.0)]
    b = in_blocks([sample.value * factor for sample, factor in zip(a, b, strict=True)])
    found = verdicts.compare(a, b)
    assert found.low > 1
    assert found.verdict == "ambiguous"
    assert "more or less than 3.0%" in found.reason


def test_what_drifts_from_block_to_block_cancels():
    drift = [10.0, 14.0, 9.0, 20.0, 12.0, 17.0, 8.0, 11.0]
    paired = verdicts.compare(in_blocks(drift), in_blocks(scaled(drift, 1.1)))
    assert (paired.pairs, paired.verdict, paired.test) == (8, "slower", "signed-rank")
    assert paired.ratio == pytest.approx(1.1)
    unpaired = verdicts.compare(alone(drift), alone(scaled(drift, 1.1)))
    assert (unpaired.pairs, unpaired.verdict) == (0, "ambiguous")


def test_samples_without_a_partner_are_left_out_and_counted():
    a = in_blocks(STEADY)
    found = verdicts.compare(a, in_blocks(scaled(STEADY, 1.2))[:9])
    assert (found.pairs, found.left_out, found.a.n) == (9, 1, 9)
    few = verdicts.compare(a, in_blocks(STEADY)[:6])
    assert (few.pairs, few.left_out) == (6, 4)
    assert verdicts.compare(a, in_blocks(STEADY, "another campaign")).pairs == 0


def test_many_comparisons_take_more_evidence_each():
    """5 against 5 samples reach p = 0.008: enough alone and among 6, not among 7."""
    comparison = verdicts.compare(alone(STEADY[:5]), alone(scaled(STEADY[:5], 1.5)))
    assert comparison.p == pytest.approx(2 / math.comb(10, 5))
    assert {corrected.verdict for corrected in verdicts.corrected([comparison] * 6)} == {"slower"}
    among_7 = verdicts.corrected([comparison] * 7)
    assert {corrected.verdict for corrected in among_7} == {"ambiguous"}
    assert "among 7 comparisons" in among_7[0].reason
    assert among_7[0].more >= 1


def test_holm_spares_what_is_sure_however_much_is_unsure():
    sure = verdicts.compare(alone(STEADY), alone(scaled(STEADY, 1.5)))
    unsure = verdicts.compare(alone(STEADY), alone(STEADY[::-1]))
    found = verdicts.corrected([unsure, sure, unsure])
    assert [corrected.verdict for corrected in found] == [unsure.verdict, "slower", unsure.verdict]
    assert verdicts.corrected([]) == []
