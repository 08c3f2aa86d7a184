"""Is B faster than A? A ratio with its interval, and a verdict only where the samples carry one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median, stdev
from typing import Literal

from harness.stats.samples import (
    FEWEST,
    Sample,
    Summary,
    interval,
    ratio_interval,
    summary,
)

Verdict = Literal["faster", "slower", "same", "ambiguous"]

MARGIN = 0.03
"""A ratio between 1 / (1 + margin) and 1 + margin makes no difference to a user."""

ALPHA = 0.05
FEWEST_SIGNED = 6
"""Pairs below which the signed-rank test cannot reach ``ALPHA``: with n its lowest p is 2 / 2^n."""

_PAIRED_SHARE = 0.75
_MOST_REPEATS = 1000
_Z = 1.96
_MEDIAN_ERROR = 1.2533  # sqrt(pi / 2): standard error of a normal sample's median over its mean's
_POWER = 2.04  # ((1.96 + 0.84) / 1.96)^2: so many repeats settle it in 80 % of all cases


@dataclass(frozen=True)
class Comparison:
    """B against A. ``ratio`` is B's time over A's; below 1, B is faster.

    ``low`` and ``high`` are its 95 % interval, ``p`` that of ``test``; ``None`` where there are too
    few samples. ``pairs`` is the number of blocks compared within themselves, 0 for independent
    samples; ``left_out`` are samples without a partner. ``more`` is about how many further repeats
    of each would settle an ambiguous verdict in most cases; ``None``: none needed, or more
    than a thousand.
    """

    a: Summary
    b: Summary
    ratio: float
    low: float | None
    high: float | None
    p: float | None
    test: str
    pairs: int
    left_out: int
    margin: float
    verdict: Verdict
    reason: str
    more: int | None


def compare(a: Sequence[Sample], b: Sequence[Sample], margin: float = MARGIN) -> Comparison:
    """The verdict on B against A.

    Where both ran in the same blocks of a campaign, the ratio is the median of the ratios within
    the blocks, so that what drifted from block to block cancels. Else it is that of the medians.

    Args:
        a, b: at least one sample each.
        margin: of equivalence, a share such as 0.03.

    Raises:
        ValueError: one side has no sample.
    """
    pairs = _pairs(a, b)
    if pairs:
        left_out = len(a) + len(b) - 2 * len(pairs)
        first, second = [one for one, _ in pairs], [other for _, other in pairs]
        ratios = [other / one for one, other in pairs]
        ratio, found = median(ratios), interval(ratios)
        sigma = _sigma(ratios)
    else:
        left_out = 0
        first, second = [one.value for one in a], [one.value for one in b]
        ratio, found = median(second) / median(first), ratio_interval(first, second)
        sigma = math.hypot(*(s or 0.0 for s in (_sigma(first), _sigma(second))))
    test, p = _test(first, second, paired=bool(pairs))
    low, high = found or (None, None)
    n = min(len(first), len(second))
    verdict, reason = _judge(ratio, found, p, test, (len(first), len(second)), margin)
    more = _more(n, ratio, found, sigma, margin) if verdict == "ambiguous" else None
    return Comparison(
        a=summary(first),
        b=summary(second),
        ratio=ratio,
        low=low,
        high=high,
        p=p,
        test=test,
        pairs=len(pairs),
        left_out=left_out,
        margin=margin,
        verdict=verdict,
        reason=reason,
        more=more,
    )


def corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """Verdicts that hold together: Holm's step-down method over those of one question.

    Of many comparisons some differ by chance. After this the chance that any ``faster`` or
    ``slower`` among them is false is at most ``ALPHA`` (Holm, Scandinavian Journal of Statistics
    6, 1979, 65-70).
    """
    known = sorted((one.p, number) for number, one in enumerate(found) if one.p is not None)
    family = len(known)
    result, rejecting = list(found), True
    for rank, (p, number) in enumerate(known):
        needed = ALPHA / (family - rank)
        rejecting = rejecting and p <= needed
        one = found[number]
        if not rejecting and one.verdict in ("faster", "slower"):
            reason = (
                f"{one.verdict} if it stood alone (p = {p:.2g}), but among {family} comparisons "
                f"that may be chance: p would have to be at most {needed:.2g}"
            )
            # A lowest possible p falls steeply with n: a quarter more samples make it much smaller.
            more = max(1, math.ceil(0.25 * min(one.a.n, one.b.n)))
            result[number] = replace(one, verdict="ambiguous", reason=reason, more=more)
    return result


def _pairs(a: Sequence[Sample], b: Sequence[Sample]) -> list[tuple[float, float]]:
    """Values of both in the same block; none unless most samples have a partner."""
    sides = [{one.block: one.value for one in side if one.block} for side in (a, b)]
    if len(sides[0]) < len(a) or len(sides[1]) < len(b):
        return []  # a block is unknown, or holds two: there is no one partner
    common = [block for block in sides[0] if block in sides[1]]
    if len(common) < _PAIRED_SHARE * max(len(a), len(b)):
        return []
    return [(sides[0][block], sides[1][block]) for block in common]


def _test(a: list[float], b: list[float], *, paired: bool) -> tuple[str, float | None]:
    """Name and two-sided p of the rank test; exact for small samples without ties."""
    from scipy import stats

    n = min(len(a), len(b))
    if n < FEWEST:
        return "none", None
    if paired and n >= FEWEST_SIGNED:
        logs = [math.log(y / x) for x, y in zip(a, b, strict=True)]
        if not any(logs):
            return "signed-rank", 1.0
        return "signed-rank", float(stats.wilcoxon(logs).pvalue)
    # Of pairs, too, if they are few: what both share makes this test only more careful.
    return "rank-sum", float(stats.mannwhitneyu(a, b).pvalue)


def _judge(
    ratio: float,
    found: tuple[float, float] | None,
    p: float | None,
    test: str,
    n: tuple[int, int],
    margin: float,
) -> tuple[Verdict, str]:
    if found is None or p is None:
        return "ambiguous", _too_few(*n)
    low, high = found
    span = f"{low:.3f} to {high:.3f}"
    if 1 / (1 + margin) <= low and high <= 1 + margin:
        return "same", f"the interval {span} lies within {margin:.1%} of 1"
    beyond = not 1 / (1 + margin) <= ratio <= 1 + margin
    apart = not low <= 1 <= high
    if apart and beyond and p <= ALPHA:
        word: Verdict = "faster" if ratio < 1 else "slower"
        return word, f"the interval {span} leaves out 1, {test} test p = {p:.2g}"
    if not apart:
        return "ambiguous", f"the interval {span} holds 1 and reaches beyond {margin:.1%} of it"
    if not beyond:
        return "ambiguous", (
            f"there is a difference, but it may be more or less than {margin:.1%} ({span})"
        )
    return "ambiguous", f"the interval {span} leaves out 1, the {test} test does not: p = {p:.2g}"


def _too_few(n_a: int, n_b: int) -> str:
    each = f"{n_a} of each" if n_a == n_b else f"{n_a} and {n_b}"
    if min(n_a, n_b) == 1:
        why = "one run says nothing of the next"
    else:  # the lowest p of a rank-sum test (Mann and Whitney 1947)
        lowest = min(1.0, 2 / math.comb(n_a + n_b, n_a))
        why = f"even samples that do not overlap come about by chance with p = {lowest:.2g}"
    return f"too few samples ({each}): {why}; a verdict takes {FEWEST} of each"


def _sigma(values: Sequence[float]) -> float | None:
    """Standard deviation of the logarithms."""
    return stdev(map(math.log, values)) if len(values) > 1 else None


def _more(
    n: int,
    ratio: float,
    found: tuple[float, float] | None,
    sigma: float | None,
    margin: float,
) -> int | None:
    """Further repeats of each, if the spread stays and the true ratio is the one seen.

    An interval's width falls with the square root of n. It has to become as narrow as the distance
    to what it must leave out: 1 for a difference, the margin's end for sameness.
    """
    least = max(1, FEWEST - n)
    if n < 2 or sigma is None:
        return least
    if found is not None:
        half = math.log(found[1] / found[0]) / 2
    else:
        half = _Z * _MEDIAN_ERROR * sigma / math.sqrt(n)
    effect, end = abs(math.log(ratio)), math.log1p(margin)
    gap = effect if effect > end else end - effect
    if gap <= 0:
        return None
    needed = _POWER * n * (half / gap) ** 2
    if needed > _MOST_REPEATS:
        return None
    return max(least, math.ceil(needed) - n)
