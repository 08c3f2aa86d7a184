"""Is B faster than A? A ratio with its interval, and a verdict only where the samples carry one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from harness.stats import advice, between, medians, ranks, rule
from harness.stats.describe import Sample, Summary, summary
from harness.stats.medians import FEWEST
from harness.stats.pairing import Sides, pair
from harness.stats.rule import ALPHA, Verdict

__all__ = ["ALPHA", "MARGIN", "Comparison", "Verdict", "compare", "corrected"]

MARGIN = 0.03
"""A ratio between 1 / (1 + margin) and 1 + margin makes no difference to a user."""


@dataclass(frozen=True)
class Comparison:
    """B against A. ``ratio`` is B's time over A's; below 1, B is faster.

    ``low`` and ``high`` are its interval, ``p`` that of ``test``; ``None`` where there are too few
    samples, or nothing is known of how much campaigns differ. ``coverage`` is the interval's
    chance of holding the true ratio: 0.95, or 0.9375 of 5 pairs. ``pairs`` is the number of blocks
    compared within themselves, 0 for independent samples; ``left_out`` are samples without a
    partner. ``campaigns`` is the number of further ones that told how much campaigns differ.
    ``median_same``: the whole interval is within the margin, whatever the tails are.

    ``more`` is about how many further repeats of each would settle an ambiguous verdict in most
    cases; where no number of repeats would, ``hint`` says what would, or why.
    """

    a: Summary
    b: Summary
    ratio: float
    low: float | None
    high: float | None
    coverage: float | None
    p: float | None
    test: str
    pairs: int
    left_out: int
    campaigns: int
    margin: float
    verdict: Verdict
    reason: str
    median_same: bool
    more: int | None
    hint: str = ""

    @property
    def other_times(self) -> bool:
        """No verdict, because the sides ran in campaigns of different times."""
        return self.reason.startswith(advice.OTHER_TIMES)


def compare(
    a: Sequence[Sample],
    b: Sequence[Sample],
    margin: float = MARGIN,
    others: Iterable[Sequence[Sample]] = (),
) -> Comparison:
    """The verdict on B against A.

    Where both ran in the same blocks of a campaign, the ratio is the median of the ratios within
    the blocks, so that what drifted from block to block cancels; blocks with one of them alone are
    left out. Samples without a block are taken to have been drawn in random order. Where the two
    have no campaign in common, there is a verdict only if ``others`` tell how much campaigns
    differ.

    Args:
        a, b: at least one sample each.
        margin: of equivalence, a share such as 0.03.
        others: each the samples of one kind, as A's or as B's are, from further campaigns.

    Raises:
        ValueError: one side has no sample.
    """
    sides = pair(a, b)
    first, second = sides.values("a"), sides.values("b")
    if sides.how == "pairs":
        ratio = median(y / x for x, y in zip(first, second, strict=True))
    else:
        ratio = median(second) / median(first)
    found = Comparison(
        a=summary(first),
        b=summary(second),
        ratio=ratio,
        low=None,
        high=None,
        coverage=None,
        p=None,
        test="none",
        pairs=len(first) if sides.how == "pairs" else 0,
        left_out=sides.left_out,
        campaigns=0,
        margin=margin,
        verdict="ambiguous",
        reason="",
        median_same=False,
        more=None,
    )
    if min(len(first), len(second)) < FEWEST:
        return _too_few(found, sides)
    if sides.how != "campaigns":
        return _judged(found, sides, None)
    spread = between.spread(sides.a, sides.b, others)
    if isinstance(spread, str):
        return replace(found, reason=f"{advice.OTHER_TIMES}: {spread}")
    return _judged(found, sides, spread)


def corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """Verdicts that hold together: Holm's step-down method over those of one question.

    Of many comparisons some differ by chance. After this the chance that any ``faster`` or
    ``slower`` among them is false is at most ``ALPHA`` (Holm, Scandinavian Journal of Statistics
    6, 1979, 65-70).
    """
    known = sorted(
        (comparison.p, number)
        for number, comparison in enumerate(found)
        if comparison.p is not None
    )
    family = len(known)
    result, rejecting, needed = list(found), True, ALPHA
    for rank, (p, number) in enumerate(known):
        if rejecting:  # after the first that fails, all others wait for it
            needed = ALPHA / (family - rank)
            rejecting = p <= needed
        comparison = found[number]
        if not rejecting and comparison.verdict in ("faster", "slower"):
            reason = (
                f"alone it would be {comparison.verdict} (p = {p:.2g}), but among {family} "
                f"comparisons Holm's correction needs a p of at most {needed:.2g}"
            )
            n = min(comparison.a.n, comparison.b.n)
            # A lowest possible p falls steeply with n: a quarter more samples make it much smaller.
            enough = ranks.repeats_for(needed, n, paired=bool(comparison.pairs))
            more = max(enough - n, math.ceil(0.25 * n))
            result[number] = replace(comparison, verdict="ambiguous", reason=reason, more=more)
    return result


def _judged(found: Comparison, sides: Sides, spread: between.Spread | None) -> Comparison:
    """With interval, test and verdict."""
    import numpy as np

    def widen(log_ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert spread is not None  # noqa: S101 - for the type checker
        half = spread.half_width(sides.a, sides.b)
        return np.asarray([half]), np.asarray([spread.p(float(log_ratio[0]), sides.a, sides.b)])

    a, b = (np.asarray([[sample.value for sample in side]]) for side in (sides.a, sides.b))
    paired = sides.how == "pairs"
    seen = rule.evidence(a, b, found.margin, paired=paired, widen=widen if spread else None)
    least = medians.coverage(a.shape[1]) if paired else None
    judged = replace(
        found,
        low=float(seen.low[0]),
        high=float(seen.high[0]),
        coverage=min(medians.CONFIDENCE, least or 1.0),
        p=float(seen.p[0]),
        test=seen.test,
        campaigns=spread.campaigns if spread else 0,
        verdict=str(rule.verdicts(seen, found.margin)[0]),  # type: ignore[arg-type]
        median_same=bool(rule.same_medians(seen, found.margin)[0]),
    )
    said = advice.of(judged, seen, a[0], b[0])
    return replace(judged, reason=said.reason, more=said.more, hint=said.hint)


def _too_few(found: Comparison, sides: Sides) -> Comparison:
    n_a, n_b = found.a.n, found.b.n
    sizes = f"{n_a} of each" if n_a == n_b else f"{n_a} and {n_b}"
    if min(n_a, n_b) == 1:
        why = "one run says nothing of the next"
    else:  # the lowest p of a rank-sum test (Mann and Whitney 1947)
        lowest = 2 / math.comb(n_a + n_b, n_a)
        why = f"even samples that do not overlap come about by chance with p = {lowest:.2g}"
    reason = f"too few samples ({sizes}): {why}; a verdict takes {FEWEST} of each"
    if sides.how == "campaigns":
        return replace(found, reason=f"{advice.OTHER_TIMES}, and {reason}")
    least = FEWEST - min(n_a, n_b)
    more = advice.repeats(found, sides.values("a"), sides.values("b"), least)
    return replace(found, reason=reason, more=more, hint="" if more else advice.HOPELESS)
