"""Where a series of figures changed its level.

ruptures (Truong, Oudre and Vayatis, Signal Processing 167, 2020) finds the best one or two breaks
of the ranks of the figures; whether they are there follows from how well ranks in random order can
be broken, which depends on their number alone. So the rate of false alarms is known whatever the
figures scatter like: one stray figure is one rank. What was found is searched again in its parts.

With one break the gain is the statistic of Kruskal and Wallis (Journal of the American Statistical
Association 47, 1952), at its highest over all places where the series may break.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST = 4
"""Figures that each level has at least."""

FEWEST = 10
"""Figures below which nothing can be told: of 9 in random order more than 1 % break perfectly."""

FALSE_ALARM = 0.01
"""The share of series in random order whose gain reaches the least that counts; by one break and by
two, so of both together twice as much at most."""

_LEAST_GAIN: dict[int, tuple[float, float]] = {
    10: (6.8181, math.inf),
    11: (7.4999, math.inf),
    12: (7.4102, 7.6537),
    13: (7.7356, 8.5252),
    14: (8.0666, 9.0113),
    15: (8.2499, 9.5232),
    16: (8.4733, 9.9853),
    17: (8.5713, 10.3411),
    18: (8.6636, 10.6680),
    19: (8.7770, 10.9905),
    20: (9.0057, 11.2654),
    24: (9.2708, 12.1857),
    28: (9.6333, 12.9585),
    32: (9.8484, 13.5444),
    40: (10.3501, 14.5467),
    50: (10.7205, 15.5114),
    64: (10.9304, 16.1989),
    80: (11.3085, 17.0527),
    100: (11.5085, 17.6740),
    140: (12.0178, 18.5041),
    200: (12.2751, 19.5488),
}  # fmt: skip
"""By the number of figures, of one break and of two: made by benchmarks/history_rates.py. Infinite
where even the best order is too likely, or has no room."""

_ROUNDS = 5
"""In which breaks are moved to their places; two are nearly always enough."""


def known() -> bool:
    """Whether ruptures is installed: it has no release for Python 3.14 and later (2026-11-26)."""
    return importlib.util.find_spec("ruptures") is not None


def changes(values: Sequence[float], margin: float) -> list[int]:
    """The numbers (from 0) of the figures that begin a new level, in their order.

    Args:
        values: more than 0, in the order of time.
        margin: a share; neighbouring levels whose medians differ by no more are one.
    """
    breaks = _settled(values, sorted(_breaks(values, 0, len(values))))
    while breaks:
        bounds = [0, *breaks, len(values)]
        middles = [median(values[a:b]) for a, b in itertools.pairwise(bounds)]
        steps = [abs(math.log(b / a)) for a, b in itertools.pairwise(middles)]
        least = min(range(len(steps)), key=steps.__getitem__)
        if steps[least] > math.log1p(margin):
            break
        del breaks[least]
    return breaks


def _breaks(values: Sequence[float], start: int, end: int) -> list[int]:
    """All breaks of ``values[start:end]``, whatever their size."""
    if end - start < FEWEST:
        return []
    ranks = scores(values[start:end])
    for many, least in enumerate(least_gain(end - start), 1):
        found = [] if math.isinf(least) else best(ranks, many)
        if found and gain(ranks, found) >= least:
            bounds = [start, *(start + place for place in found), end]
            within = [_breaks(values, a, b) for a, b in itertools.pairwise(bounds)]
            return [*bounds[1:-1], *(place for part in within for place in part)]
    return []


def _settled(values: Sequence[float], breaks: list[int]) -> list[int]:
    """Each break at its place between its neighbours, and only where it still counts there.

    Ranks say whether, figures say where: the best break of ranks leans to the middle, and that of a
    staircase into a step.
    """
    for _ in range(_ROUNDS):
        bounds = [0, *breaks, len(values)]
        placed: list[int] = []
        for before, after in zip(bounds, bounds[2:], strict=False):
            start = placed[-1] if placed else before
            part = values[start:after]
            ranks = scores(part)
            if len(part) < FEWEST or gain(ranks, best(ranks, 1)) >= least_gain(len(part))[0]:
                placed.append(start + _place(part))
        if placed == breaks:
            break
        breaks = placed
    return breaks


def _place(values: Sequence[float]) -> int:
    """Where two levels leave the least absolute deviations of the logarithms from their medians."""
    import numpy as np
    import ruptures

    search = ruptures.Dynp(model="l1", min_size=LEAST, jump=1)
    return int(search.fit(np.log(values)).predict(n_bkps=1)[0])


def scores(values: Sequence[float]) -> np.ndarray:
    """Ranks, with a mean of 0 and a variance of about 1; equal figures share theirs."""
    from scipy import stats

    n = len(values)
    ranks: np.ndarray = (stats.rankdata(values) - (n + 1) / 2) * math.sqrt(12 / (n * (n + 1)))
    return ranks


def best(ranks: np.ndarray, many: int) -> list[int]:
    """The ``many`` places that break the series best, each part ``LEAST`` long at least."""
    import ruptures

    search = ruptures.KernelCPD(kernel="linear", min_size=LEAST).fit(ranks.reshape(-1, 1))
    return [int(place) for place in search.predict(n_bkps=many)[:-1]]


def gain(ranks: np.ndarray, places: Sequence[int]) -> float:
    """By how much levels of their own bring down the sum of squares."""
    bounds = [0, *places, len(ranks)]
    parts = [ranks[a:b] for a, b in itertools.pairwise(bounds)]
    return float(sum(part.sum() ** 2 / len(part) for part in parts) - ranks.sum() ** 2 / len(ranks))


def least_gain(n: int) -> tuple[float, float]:
    """The gains of one break and of two that count among ``n`` figures.

    Between the numbers of the table in a straight line over the logarithm of n; the last holds for
    all that is longer.
    """
    lower = max((size for size in _LEAST_GAIN if size <= n), default=min(_LEAST_GAIN))
    upper = min((size for size in _LEAST_GAIN if size >= n), default=lower)
    if lower == upper:
        return _LEAST_GAIN[lower]
    share = math.log(n / lower) / math.log(upper / lower)
    single, double = (
        a + share * (b - a) for a, b in zip(_LEAST_GAIN[lower], _LEAST_GAIN[upper], strict=True)
    )
    return single, double
