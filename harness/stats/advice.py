"""The reason of a verdict in words, and what would settle an ambiguous one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import TYPE_CHECKING, Protocol

from harness.stats import modes, rule, tails
from harness.stats.medians import FEWEST
from harness.stats.rule import ALPHA, Evidence, Verdict

if TYPE_CHECKING:
    import numpy as np

OTHER_TIMES = "campaigns of different times"
HOPELESS = "more than a thousand repeats would be needed"
_MOST_REPEATS = 1000
_Z = 1.96
_MEDIAN_ERROR = 1.2533  # sqrt(pi / 2): standard error of a normal sample's median over its mean's
_POWER = 2.04  # ((1.96 + 0.84) / 1.96)^2: so many repeats settle it in 80 % of all cases


@dataclass(frozen=True)
class Said:
    """``more`` repeats of each would probably settle it; or none would, and ``hint`` says why."""

    reason: str
    more: int | None = None
    hint: str = ""


class Judged(Protocol):
    """What is read of a comparison."""

    @property
    def ratio(self) -> float: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102
    @property
    def pairs(self) -> int: ...  # noqa: D102
    @property
    def campaigns(self) -> int: ...  # noqa: D102
    @property
    def margin(self) -> float: ...  # noqa: D102
    @property
    def verdict(self) -> Verdict: ...  # noqa: D102


def of(found: Judged, seen: Evidence, a: np.ndarray, b: np.ndarray) -> Said:
    """Reason and advice for one row of evidence from the samples ``a`` and ``b``."""
    margin, p = found.margin, float(seen.p[0])
    span = f"{float(seen.low[0]):.3f} to {float(seen.high[0]):.3f}"
    widened = (
        f"; the interval holds what {found.campaigns} campaigns of the same differ by"
        if found.campaigns
        else ""
    )
    if found.verdict == "same":
        return Said(f"the interval {span} lies within {margin:.1%} of 1, and the tails are alike")
    if found.verdict != "ambiguous":
        return Said(f"the interval {span} leaves out 1, {seen.test} test p = {p:.2g}{widened}")
    if rule.same_medians(seen, margin)[0]:
        return _tails(found, seen, a, b, span)
    reason = _why(seen, margin, span) + widened
    if found.campaigns:
        return Said(reason, hint="more repeats do not make the campaigns more alike")
    two = _two_kinds(a, b, paired=bool(found.pairs))
    if two:
        return Said(reason, hint=two)
    more = repeats(found, list(a), list(b), 1)
    return Said(reason, more, "" if more else HOPELESS)


def repeats(found: Judged, a: Sequence[float], b: Sequence[float], least: int) -> int | None:
    """Further repeats of each, if the spread stays and the true ratio is the one seen.

    An interval's width falls with the square root of n. It has to become as narrow as the distance
    to what it must leave out: 1 for a difference, the margin's end for sameness. ``None``: more
    than a thousand.
    """
    n = min(len(a), len(b))
    if found.low is not None and found.high is not None:
        half = rule.half_width(found.low, found.high)
    else:
        sigma = _sigma(a, b, paired=bool(found.pairs))
        if sigma is None:
            return least
        half = _Z * _MEDIAN_ERROR * sigma / math.sqrt(n)
    effect, end = abs(math.log(found.ratio)), math.log1p(found.margin)
    gap = effect if effect > end else end - effect
    if gap <= 0:
        return None
    needed = _POWER * n * (half / gap) ** 2
    if effect <= end:
        needed = max(needed, tails.fewest())
    if needed > _MOST_REPEATS:
        return None
    return max(least, math.ceil(needed) - n)


def _sigma(a: Sequence[float], b: Sequence[float], *, paired: bool) -> float | None:
    """Standard deviation of the log ratio that one more sample of each would have."""
    if min(len(a), len(b)) < 2:
        return None
    if paired:
        return stdev(math.log(y / x) for x, y in zip(a, b, strict=True))
    return math.hypot(*(stdev(map(math.log, side)) for side in (a, b)))


def _why(seen: Evidence, margin: float, span: str) -> str:
    if not rule.apart(seen)[0]:
        return f"the interval {span} holds 1 and reaches beyond {margin:.1%} of it"
    if rule.within(seen.ratio, margin)[0]:
        return f"there is a difference, but it may be more or less than {margin:.1%} ({span})"
    p = float(seen.p[0])
    return f"the interval {span} leaves out 1, the {seen.test} test does not: p = {p:.2g} > {ALPHA}"


def _tails(found: Judged, seen: Evidence, a: np.ndarray, b: np.ndarray, span: str) -> Said:
    """The medians are alike; why that is not enough."""
    margin, mean_ratio = found.margin, float(seen.mean_ratio[0])
    reason = f"the medians are alike (interval {span}), but "
    limit = tails.far(margin, a[None], b[None])
    counts = [tails.astray(side[None], limit) for side in (a, b)]
    slow = [int(above[0]) for _, above in counts]
    fast = [int(below[0]) for below, _ in counts]
    strays = (
        f"{slow[0]} of {len(a)} starts of A and {slow[1]} of {len(b)} of B are far above their "
        "median" + (f", {fast[0]} and {fast[1]} far below" if any(fast) else "")
    )
    if not rule.within(seen.mean_ratio, margin)[0]:
        return Said(
            f"{reason}not the means (B / A {mean_ratio:.3f}): {strays}",
            hint="find out what makes some starts slow: repeats show it more clearly, and do not "
            "make the two alike",
        )
    n, enough = min(len(a), len(b)), tails.fewest()
    if n < enough and not any(slow + fast):
        return Said(
            f"{reason}{n} starts of each cannot show that the tails are: up to "
            f"{1 - 0.05 ** (1 / n):.0%} of all starts may be slow ones; it takes {enough}",
            enough - n,
        )
    more = max(enough - n, n)
    return Said(f"{reason}the tails may not be: {strays}", more)


def _two_kinds(a: np.ndarray, b: np.ndarray, *, paired: bool) -> str:
    """That more repeats hardly help, if times, or the ratios of pairs, are of two kinds."""
    looked_at = [("the times of A", a, " s"), ("the times of B", b, " s")]
    if paired:
        looked_at.append(("the ratios within the blocks", b / a, ""))
    for name, values, unit in looked_at:
        found = modes.kinds(values.tolist())
        if found:
            (low, high), (few, many) = found.middles, found.counts
            return (
                f"more repeats will hardly settle it: {name} are of two kinds, about "
                f"{low:.3g}{unit} in {few} and {high:.3g}{unit} in {many}, and a median jumps from "
                "one to the other; find out what decides between them"
            )
    return ""


def least_repeats(comparisons: int, repeats_of_each: int) -> tuple[float, float, int] | None:
    """Whether so many comparisons of one question can have a verdict at all, by Holm's method.

    Returns:
        ``None`` if they can; else the lowest p that so many repeats can give, the p that is needed
        for the first of the verdicts, and the number of repeats from which on it can be had.
    """
    from harness.stats import ranks

    needed = ALPHA / comparisons
    lowest = ranks.lowest_p(repeats_of_each, paired=True)
    if repeats_of_each >= FEWEST and lowest <= needed:
        return None
    enough = ranks.repeats_for(needed, max(FEWEST, repeats_of_each), paired=True)
    return lowest, needed, enough
