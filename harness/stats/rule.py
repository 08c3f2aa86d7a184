"""The rule of a verdict, for many campaigns at once: one campaign a row.

``benchdl compare`` uses it with one row, the simulation of its error rates with thousands, so that
what is tabulated is what users get.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.stats import medians, ranks, tails

if TYPE_CHECKING:
    import numpy as np

Verdict = Literal["faster", "slower", "same", "ambiguous"]

ALPHA = 0.05


@dataclass(frozen=True)
class Evidence:
    """What the samples of each row show of B over A.

    ``low``, ``ratio``, ``high``: of the medians, or the median of the ratios within blocks. ``p``
    is of the rank test named ``test``. ``mean_ratio`` is B's mean over A's, ``stray`` the most
    that the shares of stray starts may differ by.
    """

    low: np.ndarray
    ratio: np.ndarray
    high: np.ndarray
    p: np.ndarray
    test: str
    mean_ratio: np.ndarray
    stray: np.ndarray


Widen = Callable[["np.ndarray"], tuple["np.ndarray", "np.ndarray"]]
"""From log ratios to half a width that is added to their intervals', and another p."""


def evidence(
    a: np.ndarray, b: np.ndarray, margin: float, *, paired: bool, widen: Widen | None = None
) -> Evidence:
    """Interval, test and tails of each row.

    Args:
        a, b: at least :data:`medians.FEWEST` columns each; if ``paired`` as many, by block.
        margin: of equivalence, a share.
        paired: compare within blocks.
        widen: adds what is known of differences between campaigns.
    """
    import numpy as np

    if paired:
        low, ratio, high = medians.of_rows(b / a)
    else:
        low, ratio, high = medians.ratio_of_rows(a, b)
    if paired and a.shape[1] >= ranks.FEWEST_SIGNED:
        test, p = "signed-rank", ranks.signed_rank(np.log(b / a))
    else:
        # Of pairs, too, if they are few: what both share makes this test only more careful.
        test, p = "rank-sum", ranks.rank_sum(a, b)
    if widen is not None:
        half, other_p = widen(np.log(ratio))
        low = ratio / np.exp(np.hypot(np.log(ratio / low), half))
        high = ratio * np.exp(np.hypot(np.log(high / ratio), half))
        p, test = np.maximum(p, other_p), "between-campaigns"
    mean_ratio = b.mean(axis=1) / a.mean(axis=1)
    stray = tails.difference(a, b, margin, paired=paired)
    return Evidence(low, ratio, high, p, test, mean_ratio, stray)


def within(value: np.ndarray, margin: float) -> np.ndarray:
    """Ratios that make no difference to a user."""
    inside: np.ndarray = (value >= 1 / (1 + margin)) & (value <= 1 + margin)
    return inside


def same_medians(found: Evidence, margin: float) -> np.ndarray:
    """Rows whose whole interval lies within the margin."""
    both: np.ndarray = within(found.low, margin) & within(found.high, margin)
    return both


def same(found: Evidence, margin: float) -> np.ndarray:
    """Rows in which the medians, the means and the tails are alike."""
    alike = found.stray <= tails.UNSEEN_SHARE
    found_same: np.ndarray = same_medians(found, margin) & within(found.mean_ratio, margin) & alike
    return found_same


def apart(found: Evidence) -> np.ndarray:
    """Rows whose interval leaves out 1."""
    without: np.ndarray = (found.low > 1) | (found.high < 1)
    return without


def different(found: Evidence, margin: float) -> np.ndarray:
    """Rows in which B is faster or slower than A: all evidence agrees."""
    beyond = ~within(found.ratio, margin)
    agreed: np.ndarray = apart(found) & beyond & (found.p <= ALPHA)
    return agreed


def verdicts(found: Evidence, margin: float) -> np.ndarray:
    """The word of each row."""
    import numpy as np

    word = np.where(same(found, margin), "same", "ambiguous").astype("<U9")
    beyond = different(found, margin)
    word[beyond & (found.ratio < 1)] = "faster"
    word[beyond & (found.ratio > 1)] = "slower"
    return word


def half_width(low: float, high: float) -> float:
    """Half an interval of a ratio, as logarithm."""
    return math.log(high / low) / 2
