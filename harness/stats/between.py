"""How far apart campaigns of the very same are, so that a difference of two of them can be judged.

Runs of one campaign share its hour: temperature, neighbours, the state of the disk. What differs
from hour to hour is in no interval of one campaign. Here it is measured on other campaigns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from harness.stats.describe import Sample
from harness.stats.medians import CONFIDENCE, FEWEST

FEWEST_CAMPAIGNS = 4
"""Campaigns of one kind, besides the two that are compared, from which on their spread is used."""

SPAN = 3
"""So many times as long as from A to B those campaigns have to reach. What drifts is more alike in
neighbours: in a random walk four neighbours say too little of a difference as far as their own
ends, and enough of one a third as far. docs/method.md has the simulation."""


@dataclass(frozen=True)
class Spread:
    """Between campaigns of one kind: ``sigma`` of their log medians, of ``campaigns`` of them."""

    sigma: float
    freedom: int
    campaigns: int

    def half_width(self, a: Sequence[Sample], b: Sequence[Sample]) -> float:
        """Half the interval of the log ratio that differing campaigns account for."""
        from scipy import special

        t = float(special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2))
        return t * self._error(a, b)

    def p(self, log_ratio: float, a: Sequence[Sample], b: Sequence[Sample]) -> float:
        """Two-sided, that campaigns of the same differ so much."""
        from scipy import special

        error = self._error(a, b)
        return float(2 * special.stdtr(self.freedom, -abs(log_ratio) / error)) if error else 1.0

    def _error(self, a: Sequence[Sample], b: Sequence[Sample]) -> float:
        return self.sigma * math.sqrt(1 / _campaigns_in(a) + 1 / _campaigns_in(b))


def spread(
    a: Sequence[Sample], b: Sequence[Sample], others: Iterable[Sequence[Sample]]
) -> Spread | str:
    """What is known of the spread, or why it is not known, in words.

    Args:
        a, b: both sides, of no campaign in common.
        others: each the samples of one kind, as A's or as B's are, from further campaigns.
    """
    groups = [_by_campaign(side) for side in (a, b, *others)]
    used = [sorted(campaigns.values()) for campaigns in groups if len(campaigns) > 1]
    medians = [[middle for _, middle in campaigns] for campaigns in used]
    freedom = sum(len(group) - 1 for group in medians)
    count = sum(map(len, medians))
    if freedom < FEWEST_CAMPAIGNS - 1:
        return (
            f"{count or 'no'} further campaigns of the same (of {FEWEST} runs or more) tell how "
            f"much campaigns differ; it takes {FEWEST_CAMPAIGNS}"
        )
    apart = abs(_middle_time(a) - _middle_time(b))
    reach = max(times[-1][0] - times[0][0] for times in used)
    if reach < SPAN * apart:
        return (
            f"the {count} campaigns of the same reach over {_days(reach)}, which is less than "
            f"{SPAN} times the {_days(apart)} from A to B"
        )
    squares = sum(sum((middle - fmean(group)) ** 2 for middle in group) for group in medians)
    return Spread(math.sqrt(squares / freedom), freedom, count)


def _by_campaign(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """Time and log median of each campaign with runs enough."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.block and sample.at is not None:
            found.setdefault(sample.block[0], []).append(sample)
    return {
        campaign: (_middle_time(runs), math.log(median(run.value for run in runs)))
        for campaign, runs in found.items()
        if len(runs) >= FEWEST
    }


def _middle_time(samples: Sequence[Sample]) -> float:
    return median(sample.at or 0.0 for sample in samples)


def _campaigns_in(samples: Sequence[Sample]) -> float:
    """How many campaigns of equal size weigh as much as these."""
    sizes: dict[str, int] = {}
    for sample in samples:
        if sample.block:
            sizes[sample.block[0]] = sizes.get(sample.block[0], 0) + 1
    return len(samples) ** 2 / sum(size**2 for size in sizes.values()) if sizes else 1.0


def _days(seconds: float) -> str:
    return f"{seconds / 86400:.1f} days" if seconds >= 86400 else f"{seconds / 3600:.1f} h"
