"""Reasons and advice of a comparison: the sentences, and the repeats reckoned by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from harness.stats import advice, rule, verdicts
from harness.stats.advice import Said
from harness.stats.describe import Sample

TEN = np.asarray([9.9, 10.0, 10.1, 9.95, 10.05, 10.0, 9.98, 10.02, 9.97, 10.03])


def seen(low=0.9, ratio=1.0, high=1.1, p=0.2, mean_ratio=1.0):
    figures = (np.asarray([figure]) for figure in (low, ratio, high, p))
    return rule.Evidence(*figures, "rank-sum", np.asarray([mean_ratio]), np.asarray([0.3]))


def judged(evidence, **changes):
    found = {
        "ratio": float(evidence.ratio[0]), "low": float(evidence.low[0]),
        "high": float(evidence.high[0]), "pairs": 0, "campaigns": 0, "margin": 0.03,
        "verdict": "ambiguous",
    }  # fmt: skip
    return SimpleNamespace(**{**found, **changes})


def said(evidence, a=TEN, b=TEN, **changes):
    return advice.of(judged(evidence, **changes), evidence, np.asarray(a), np.asarray(b))


def test_a_verdict_has_its_reason_and_no_advice():
    same = said(seen(0.98, 1.0, 1.02), verdict="same")
    assert same == Said(
        "the interval 0.980 to 1.020 lies within 3.0% of 1, and the tails are alike"
    )
    slower = seen(1.05, 1.1, 1.2, p=0.0079)
    reason = "the interval 1.050 to 1.200 leaves out 1, rank-sum test p = 0.0079"
    assert said(slower, verdict="slower") == Said(reason)
    widened = f"{reason}; the interval holds what 6 campaigns of the same differ by"
    assert said(slower, verdict="slower", campaigns=6) == Said(widened)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (seen(0.9, 1.0, 1.1), "the interval 0.900 to 1.100 holds 1 and reaches beyond 3.0% of it"),
        (
            seen(1.01, 1.02, 1.1),
            "there is a difference, but it may be more or less than 3.0% (1.010 to 1.100)",
        ),
        (
            seen(1.01, 1.1, 1.3),
            "the interval 1.010 to 1.300 leaves out 1, the rank-sum test does not: p = 0.2 > 0.05",
        ),
    ],
)
def test_why_there_is_no_verdict(evidence, reason):
    found = said(evidence)
    assert found.reason == reason
    assert found.more == advice.repeats(judged(evidence), TEN, TEN, 1)
    assert found.hint == ""
    between = said(evidence, campaigns=6)
    assert between.reason == f"{reason}; the interval holds what 6 campaigns of the same differ by"
    assert (between.more, between.hint) == (
        None, "more repeats do not make the campaigns more alike",
    )  # fmt: skip


def test_more_than_a_thousand_repeats_are_hopeless():
    evidence = seen(0.5, 1.031, 2.0)
    assert said(evidence) == Said(
        "the interval 0.500 to 2.000 holds 1 and reaches beyond 3.0% of it",
        None,
        "more than a thousand repeats would be needed",
    )


def repeats(n, least=1, **figures):
    return advice.repeats(judged(seen(**figures)), TEN[:n], TEN, least)


def test_repeats_narrow_the_interval_to_the_distance_with_a_power_of_80_percent():
    """ln(1.2 / 0.9) / 2 = 0.1438, ln 1.1 = 0.0953: 2.04 x 5 x 2.278 = 23.2."""
    assert repeats(5, low=0.9, ratio=1.1, high=1.2) == 24 - 5
    assert repeats(5, low=0.9, ratio=1 / 1.1, high=1.2) == 24 - 5
    assert repeats(5, 30, low=0.9, ratio=1.1, high=1.2) == 30
    assert repeats(10, low=1.05, ratio=1.1, high=1.15) == 1


def test_sameness_is_the_distance_to_the_margins_end_and_takes_14():
    """ln 1.03 - ln 1.01 = 0.0196; (0.0198 / 0.0196)^2 x 2.04 x 5 = 10.4, and x 10 = 20.8."""
    assert repeats(5, low=0.99, ratio=1.01, high=1.03) == 14 - 5
    assert repeats(10, low=0.99, ratio=1.01, high=1.03) == 21 - 10
    evidence = judged(seen(0.9, 1.0, 1.1), margin=0.0)
    assert advice.repeats(evidence, TEN, TEN, 1) is None  # nothing lies within no margin


def test_a_thousand_is_the_most():
    """With n = 10 and ln 1.1: half a width of 0.6332 takes 900, one of 0.7 takes 1100."""
    for half, more in ((0.6332, 901 - 10), (0.7, None)):
        low, high = math.exp(-half), math.exp(half)
        assert repeats(10, low=low, ratio=1.1, high=high) == more


@pytest.mark.parametrize("paired", [True, False])
def test_without_an_interval_the_scatter_tells(paired):
    a, b = [10.0, 10.4, 9.7], [12.4, 11.9, 12.9]
    logs = np.log(a), np.log(b)
    if paired:
        sigma = np.std(logs[1] - logs[0], ddof=1)
    else:
        sigma = math.hypot(*(np.std(side, ddof=1) for side in logs))
    half = 1.96 * math.sqrt(math.pi / 2) * sigma / math.sqrt(3)
    found = judged(seen(ratio=1.05), low=None, high=None, pairs=3 if paired else 0)
    needed = math.ceil(2.04 * 3 * (half / math.log(1.05)) ** 2)
    assert advice.repeats(found, a, b, 2) == needed - 3 > 2


def test_two_runs_of_each_have_a_scatter():
    sigma = math.hypot(math.log(1.1), math.log(1.2)) / math.sqrt(2)
    half = 1.96 * math.sqrt(math.pi / 2) * sigma / math.sqrt(2)
    found = judged(seen(ratio=1.05), low=None, high=None)
    needed = math.ceil(2.04 * 2 * (half / math.log(1.05)) ** 2)
    assert advice.repeats(found, [10.0, 11.0], [10.0, 12.0], 3) == needed - 2 > 3


def test_one_more_is_the_least():
    """2.04 x 10 x (0.0455 / 0.0953)^2 = 4.6: enough were run, and it is ambiguous all the same."""
    assert said(seen(1.05, 1.1, 1.15)).more == 1


def test_of_one_run_nothing_is_known():
    found = judged(seen(ratio=1.2), low=None, high=None)
    assert advice.repeats(found, [10.0], [12.0, 12.1], 4) == 4
    assert advice.repeats(found, [10.0, 10.0], [12.0, 12.0], 3) == 3


ALIKE = {"low": 0.99, "ratio": 1.0, "high": 1.01}
MEDIANS = "the medians are alike (interval 0.990 to 1.010), but "


def test_alike_medians_with_unlike_means_are_not_helped_by_repeats():
    a, b = TEN.copy(), np.concatenate([TEN, TEN[:2]])
    a[:1], b[:2] = 5.0, 20.0
    found = said(seen(**ALIKE, mean_ratio=1.2), a, b)
    assert found.reason == (
        f"{MEDIANS}not the means (B / A 1.200): 0 of 10 starts of A and 2 of 12 of B are far "
        "above their median, 1 and 0 far below"
    )
    assert found.more is None
    assert found.hint == (
        "find out what makes some starts slow: repeats show it more clearly, and do not make the "
        "two alike"
    )
    unlike = said(seen(**ALIKE, mean_ratio=0.8), b, a[1:])
    assert unlike.reason.endswith("2 of 12 starts of A and 0 of 9 of B are far above their median")


def test_few_starts_cannot_show_their_tails():
    """0.05^(1/5) = 0.549: up to 45 % may be slow."""
    found = said(seen(**ALIKE), TEN[:5], TEN)
    assert found == Said(
        f"{MEDIANS}5 starts of each cannot show that the tails are: up to 45% of all starts may be "
        "slow ones; it takes 14",
        9,
    )


def test_tails_that_may_not_be_alike_take_as_many_again_or_14():
    stray = TEN.copy()
    stray[0] = 20.0
    words = "the tails may not be: 0 of {} starts of A and 1 of 10 of B are far above their median"
    assert said(seen(**ALIKE), TEN, stray) == Said(MEDIANS + words.format(10), 10)
    assert said(seen(**ALIKE), TEN[:5], stray) == Said(MEDIANS + words.format(5), 9)
    plain = np.concatenate([TEN, TEN[:4]])
    assert said(seen(**ALIKE), plain, plain).more == 14


def test_two_kinds_of_ratios_are_named_where_the_times_are_of_one():
    a = np.linspace(10.0, 20.0, 10)
    b = a * np.resize([1.0, 1.5], 10)
    evidence = seen(0.9, 1.2, 1.6)
    words = (
        "more repeats will hardly settle it: the ratios within the blocks are of two kinds, about "
        "1 in 5 and 1.5 in 5, and a median jumps from one to the other; find out what decides "
        "between them"
    )
    assert said(evidence, a, b, pairs=10).hint == words
    assert said(evidence, a, b, pairs=10).more is None
    assert said(evidence, a, b).hint == ""
    times = np.resize([3.0, 5.0], 10)
    assert (
        "the times of B are of two kinds, about 3 s in 5 and 5 s in 5"
        in said(evidence, a, times).hint
    )


FIVE = [10.0, 10.1, 9.9, 10.05, 9.95]


def alone(values):
    return [Sample(value) for value in values]


def blocks(values, campaign="c", begin=0.0):
    return [Sample(value, (campaign, n), at=begin + n) for n, value in enumerate(values)]


def test_the_ratio_of_pairs_is_the_median_of_theirs():
    a, b = [1.0, 2.0, 4.0, 8.0, 16.0], [3.0, 2.0, 8.0, 8.8, 17.6]
    assert verdicts.compare(blocks(a), blocks(b)).ratio == pytest.approx(1.1)
    assert verdicts.compare(alone(a), alone(b)).ratio == pytest.approx(8.0 / 4)


@pytest.mark.parametrize(("n", "paired", "chance"), [
    (5, True, 0.9375), (7, True, 0.95), (5, False, 0.95), (7, False, 0.95),
])  # fmt: skip
def test_what_is_known_of_a_comparison(n, paired, chance):
    values = (FIVE + FIVE)[:n]
    sides = [(blocks if paired else alone)(side) for side in (values, [1.5 * x for x in values])]
    found = verdicts.compare(*sides)
    assert (found.coverage, found.campaigns, found.left_out) == (chance, 0, 0)
    assert (found.verdict, found.median_same, found.more) == ("slower", False, None)


def test_the_same_five_times_is_alike_and_takes_nine_more():
    few = verdicts.compare(alone(FIVE), alone(FIVE[::-1]))
    assert (few.verdict, few.median_same, few.more) == ("ambiguous", True, 9)
    many = verdicts.compare(alone(FIVE * 4), alone(FIVE * 4))
    assert (many.verdict, many.median_same, many.more) == ("same", True, None)


TOO_FEW = "too few samples ({}): {}; a verdict takes 5 of each"
NO_OVERLAP = "even samples that do not overlap come about by chance with p = {}"
ONE = "one run says nothing of the next"


@pytest.mark.parametrize(
    ("n_a", "n_b", "sizes", "why"),
    [
        (1, 1, "1 of each", ONE),
        (1, 6, "1 and 6", ONE),
        (3, 3, "3 of each", NO_OVERLAP.format("0.1")),
        (4, 3, "4 and 3", NO_OVERLAP.format("0.057")),
    ],
)
def test_too_few_samples_say_so_and_how_many_it_takes(n_a, n_b, sizes, why):
    a, b = (FIVE * 2)[:n_a], [1.5 * value for value in (FIVE * 2)[:n_b]]
    found = verdicts.compare(alone(a), alone(b))
    assert found.reason == TOO_FEW.format(sizes, why)
    assert (found.test, found.campaigns, found.median_same) == ("none", 0, False)
    assert (found.more, found.hint) == (5 - min(n_a, n_b), "")
    times = verdicts.compare(blocks(a, "a"), blocks(b, "b"))
    assert times.reason == f"campaigns of different times, and {found.reason}"
    assert (times.more, times.other_times) == (None, True)


def test_of_few_each_side_has_its_own_scatter():
    a, b = [10.0, 10.1, 10.2], [10.4, 12.0, 10.9]
    found = verdicts.compare(alone(a), alone(b))
    assert found.more == advice.repeats(found, a, b, 2) < advice.repeats(found, b, b, 2)


def test_too_few_that_scatter_too_much_are_hopeless():
    found = verdicts.compare(alone([1.0, 9.0, 3.0]), alone([1.04, 9.36, 3.12]))
    assert (found.more, found.hint) == (None, "more than a thousand repeats would be needed")


DAY = 86400.0


def test_between_campaigns_the_interval_and_the_p_are_wider_by_their_spread():
    a, b = blocks(FIVE, "a"), blocks([1.3 * value for value in FIVE], "b", DAY)
    levels = [1.0, 1.02, 0.97, 1.05]
    others = [
        sample
        for number, level in enumerate(levels)
        for sample in blocks([level * value for value in FIVE], f"o{number}", number * DAY)
    ]
    unknown = verdicts.compare(a, b)
    assert unknown.reason.startswith("campaigns of different times: no further campaigns")
    assert (unknown.verdict, unknown.low, unknown.more) == ("ambiguous", None, None)
    found = verdicts.compare(a, b, others=[others])
    plain = verdicts.compare(alone(FIVE), alone([1.3 * value for value in FIVE]))
    error = np.std(np.log(levels), ddof=1) * math.sqrt(2)
    half = stats.t.ppf(0.975, 3) * error
    above = math.hypot(math.log(plain.high / plain.ratio), half)
    assert found.campaigns == 4
    assert found.high == pytest.approx(found.ratio * math.exp(above))
    assert found.p == pytest.approx(max(plain.p, 2 * stats.t.sf(math.log(found.ratio) / error, 3)))
    assert found.test == "between-campaigns"


def test_what_holm_takes_back_takes_a_quarter_more_or_what_a_lower_p_takes():
    comparison = verdicts.compare(blocks(FIVE * 4), blocks([1.5 * value for value in FIVE * 4]))
    back = verdicts.corrected([replace(comparison, p=0.04)] * 2)
    assert back[0].more == 5
    assert back[0].reason == (
        "alone it would be slower (p = 0.04), but among 2 comparisons Holm's correction needs a p "
        "of at most 0.025"
    )
    faster = replace(comparison, verdict="faster", p=0.04)
    corrected = verdicts.corrected([faster, comparison, faster])
    assert [held.verdict for held in corrected] == ["ambiguous", "slower", "ambiguous"]
