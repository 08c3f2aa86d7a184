"""Samples of one configuration and their summary: median, interval, spread, every raw value."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.stats.medians import CONFIDENCE, FEWEST, coverage, interval, ratio_interval

__all__ = [
    "CONFIDENCE",
    "FEWEST",
    "Sample",
    "Summary",
    "interval",
    "ratio_interval",
    "summary",
]

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""


@dataclass(frozen=True)
class Sample:
    """One run's figure in seconds. Runs of one ``block`` met the same state of the machine.

    A block is a campaign's id and a number in it; without one a sample is taken to have been drawn
    in random order with those that it is compared with. ``at`` is when the run began, in seconds
    of any epoch. :mod:`harness.tables.sampled` makes samples of rows.
    """

    value: float
    block: tuple[str, int] | None = None
    run_id: str = ""
    at: float | None = None


@dataclass(frozen=True)
class Summary:
    """What n samples say of one figure, in its unit.

    ``low`` and ``high`` bound the median with a chance of ``coverage``, which is 95 % at least and
    93.75 % for 5 samples; ``None`` below 5. ``spread`` is the median absolute deviation, scaled to
    a standard deviation, over the median; ``None`` below 3. ``values`` are in the order of the
    runs.
    """

    n: int
    median: float
    low: float | None
    high: float | None
    coverage: float | None
    spread: float | None
    values: tuple[float, ...]


def summary(values: Sequence[float]) -> Summary:
    """Median, interval and spread of one or more values.

    Raises:
        ValueError: no values.
    """
    return _summary(tuple(values))


@functools.lru_cache(maxsize=4096)
def _summary(values: tuple[float, ...]) -> Summary:
    if not values:
        raise ValueError("a summary of nothing")
    middle = median(values)
    low, high = interval(values) or (None, None)
    spread = None
    if len(values) >= 3 and middle:
        spread = MAD_TO_SIGMA * median(abs(value - middle) for value in values) / middle
    return Summary(len(values), middle, low, high, coverage(len(values)), spread, values)
