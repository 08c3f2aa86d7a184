"""Rank tests of many campaigns at once: one campaign a row. p is two-sided.

Exact where no two values are equal, whatever the distribution; else from the normal approximation
with its corrections for ties.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

FEWEST_SIGNED = 6
"""Pairs below which the signed-rank test cannot reach 0.05: with n its lowest p is 2 / 2^n."""

_MOST_EXACT = 40
"""Samples a side up to which the rank-sum test counts instead of approximating."""


def lowest_p(n: int, *, paired: bool) -> float:
    """The least p that n samples of each side can give, if they do not overlap at all."""
    return min(1.0, 2 / (2**n if paired and n >= FEWEST_SIGNED else math.comb(2 * n, n)))


def repeats_for(p: float, at_least: int, *, paired: bool) -> int:
    """The least number of samples of each, from ``at_least`` on, that can give a p so low."""
    n = at_least
    while lowest_p(n, paired=paired) > p:
        n += 1
    return n


def signed_rank(logs: np.ndarray) -> np.ndarray:
    """Wilcoxon's test that ratios within blocks, given as logarithms, lie symmetrically about 0."""
    import numpy as np

    p = np.ones(len(logs))
    sizes = np.sort(np.abs(logs), axis=1)
    tied = (np.diff(sizes, axis=1) == 0).any(axis=1) | (sizes[:, 0] == 0)
    if (~tied).any():
        ranks = np.abs(logs[~tied]).argsort(axis=1).argsort(axis=1) + 1
        w = np.where(logs[~tied] > 0, ranks, 0).sum(axis=1)
        p[~tied] = _p_of_w(logs.shape[1])[w]
    rest = tied & sizes.any(axis=1)
    if rest.any():
        from scipy import stats

        p[rest] = stats.wilcoxon(logs[rest], axis=1, method="asymptotic").pvalue
    return p


def rank_sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mann and Whitney's test that neither side tends to be higher."""
    import numpy as np

    both = np.concatenate([a, b], axis=1)
    n, m = a.shape[1], b.shape[1]
    tied = (np.diff(np.sort(both, axis=1), axis=1) == 0).any(axis=1)
    if max(n, m) > _MOST_EXACT:
        tied[:] = True
    p = np.ones(len(a))
    if (~tied).any():
        order = both[~tied].argsort(axis=1).argsort(axis=1)
        u = order[:, :n].sum(axis=1) - n * (n - 1) // 2
        p[~tied] = _p_of_u(n, m)[u]
    if tied.any():
        from scipy import stats

        p[tied] = stats.mannwhitneyu(a[tied], b[tied], axis=1, method="asymptotic").pvalue
    return p


@functools.cache
def _p_of_w(n: int) -> np.ndarray:
    """Two-sided p of each sum of positive ranks from 0 to n * (n + 1) / 2, by counting signs."""
    import numpy as np

    shares = np.ones(1)
    for rank in range(1, n + 1):  # half of the signs add the rank
        without = np.concatenate([shares, np.zeros(rank)])
        shares = (without + np.roll(without, rank)) / 2
    below = np.cumsum(shares)
    p: np.ndarray = np.minimum(1.0, 2 * np.minimum(below, below[::-1]))
    return p


@functools.cache
def _p_of_u(n: int, m: int) -> np.ndarray:
    """Two-sided p of each value of U from 0 to n * m, by counting the orders that give it."""
    import numpy as np

    # Orders of i against j samples: the highest is of the one side and beats j, or of the other.
    counts = [[np.ones(1)] * (m + 1)]
    for i in range(1, n + 1):
        row = [np.ones(1)]
        for j in range(1, m + 1):
            total = np.zeros(i * j + 1)
            total[j : j + counts[i - 1][j].size] += counts[i - 1][j]
            total[: row[j - 1].size] += row[j - 1]
            row.append(total)
        counts.append(row)
    below = np.cumsum(counts[n][m]) / math.comb(n + m, n)
    p: np.ndarray = np.minimum(1.0, 2 * np.minimum(below, below[::-1]))
    return p
