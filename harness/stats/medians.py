"""Intervals of a median and of a ratio of medians, from order statistics: no distribution assumed.

Of n samples each lies below the median of what they are drawn from with a chance of one half. So
the k-th lowest and the k-th highest enclose that median with a chance that the binomial
distribution gives, whatever the samples' own (David and Nagaraja, Order Statistics, 3rd ed. 2003,
section 7.1). Samples with ties are enclosed a little more often.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
FEWEST = 5
"""Samples below which there is no interval: the widest one reaches from the lowest sample to the
highest, and misses the median with a chance of 2 / 2^n: 25 % of 3, 12.5 % of 4, 6.25 % of 5. The
5 have one because it is so little less than ``CONFIDENCE``; :func:`coverage` tells."""


@functools.lru_cache(maxsize=1024)
def rank(n: int) -> int:
    """The k whose k-th lowest and k-th highest of n samples are the interval's ends.

    The highest k that encloses the median with ``CONFIDENCE``; 1, if even that does not.
    """
    outside, k = 0, 0
    while True:
        outside += math.comb(n, k)  # fewer than k + 1 of n below: 2^n times the chance of it
        if 2 * outside / (1 << n) > 1 - CONFIDENCE:  # of integers: no float holds 2^1024
            return max(k, 1)
        k += 1


@functools.lru_cache(maxsize=1024)
def coverage(n: int) -> float | None:
    """The chance that the interval of n samples holds the median; ``None`` below ``FEWEST``.

    0.9375 of 5, 0.969 of 6, and never below ``CONFIDENCE`` from there on.
    """
    if n < FEWEST:
        return None
    outside = sum(math.comb(n, i) for i in range(rank(n)))
    return 1.0 - 2 * outside / (1 << n)


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The interval of the median; ``None`` below ``FEWEST`` values."""
    n = len(values)
    if n < FEWEST:
        return None
    ordered, k = sorted(values), rank(n)
    return ordered[k - 1], ordered[n - k]


def ratio_interval(a: Sequence[float], b: Sequence[float]) -> tuple[float, float] | None:
    """Of median(b) / median(a), each side drawn by itself; ``None`` if one is too few."""
    import numpy as np

    if min(len(a), len(b)) < FEWEST:
        return None
    low, _, high = ratio_of_rows(np.asarray([a], float), np.asarray([b], float))
    return float(low[0]), float(high[0])


def of_rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Low end, median and high end of each row; at least ``FEWEST`` columns."""
    import numpy as np

    ordered, k = np.sort(values, axis=1), rank(values.shape[1])
    return ordered[:, k - 1], np.median(ordered, axis=1), ordered[:, -k]


def ratio_of_rows(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Low end, ratio of the medians and high end for each row of b over that of a.

    MOVER, the "method of variance estimates recovery" (Zou and Donner, Statistics in Medicine 27,
    2008, 1693-1702), on logarithms: the distances of the two intervals' ends from their medians add
    up as standard errors do. docs/method.md tabulates how often it holds the true ratio.
    """
    import numpy as np

    (low_a, middle_a, high_a), (low_b, middle_b, high_b) = (
        map(np.log, of_rows(side)) for side in (a, b)
    )
    ratio = middle_b - middle_a
    low = ratio - np.hypot(middle_b - low_b, high_a - middle_a)
    high = ratio + np.hypot(high_b - middle_b, middle_a - low_a)
    return np.exp(low), np.exp(ratio), np.exp(high)
