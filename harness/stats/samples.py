"""Samples of one configuration and their summary: median, interval, spread, every raw value."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
FEWEST = 5
"""Samples below which there is no interval. The bootstrap's widest one reaches from the lowest to
the highest sample, and misses the true median with a chance of 2 / 2^n: a quarter of all times with
3 samples, an eighth with 4, 6 % with 5, 3 % with 6."""

RESAMPLES = 4999
SEED = 20070916
"""Fixed, so that the same samples give the same interval everywhere and always."""

_MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""


@dataclass(frozen=True)
class Sample:
    """One run's figure in seconds. Runs of one ``block`` met the same state of the machine.

    :mod:`harness.tables.sampled` makes them of rows.
    """

    value: float
    block: tuple[str, int] | None = None
    run_id: str = ""


@dataclass(frozen=True)
class Summary:
    """What n samples say of one figure, in its unit.

    ``low`` and ``high`` bound the median with 95 % confidence; ``None`` below ``FEWEST`` samples.
    ``spread`` is the median absolute deviation, scaled to a standard deviation, over the median;
    ``None`` below 3. ``values`` are in the order of the runs.
    """

    n: int
    median: float
    low: float | None
    high: float | None
    spread: float | None
    values: tuple[float, ...]


def summary(values: Sequence[float]) -> Summary:
    """Median, interval and spread of one or more values.

    Raises:
        ValueError: no values.
    """
    return _summary(tuple(values))


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The percentile bootstrap's interval of the median; ``None`` below ``FEWEST`` values.

    Percentile, not BCa: BCa takes its acceleration from the jackknife, which fails for the median
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 11.6).
    """
    if len(values) < FEWEST:
        return None
    return _of_median(tuple(sorted(values)))


def ratio_interval(a: Sequence[float], b: Sequence[float]) -> tuple[float, float] | None:
    """Likewise of median(b) / median(a), each side resampled by itself."""
    if min(len(a), len(b)) < FEWEST:
        return None
    return _bootstrap((tuple(a), tuple(b)))


@functools.lru_cache(maxsize=4096)
def _summary(values: tuple[float, ...]) -> Summary:
    if not values:
        raise ValueError("a summary of nothing")
    middle = median(values)
    low, high = interval(values) or (None, None)
    spread = None
    if len(values) >= 3 and middle:
        spread = _MAD_TO_SIGMA * median(abs(value - middle) for value in values) / middle
    return Summary(len(values), middle, low, high, spread, values)


@functools.lru_cache(maxsize=4096)
def _of_median(ordered: tuple[float, ...]) -> tuple[float, float]:
    """What :func:`scipy.stats.bootstrap` gives for one sample in ascending order, to the bit.

    A report has thousands of medians. The median of a resample is the value of its middle rank, and
    which ranks are drawn depends on the number of values alone.
    """
    import numpy as np

    values = np.asarray(ordered)
    lower, upper = _middle_ranks(len(ordered))
    middles = (values[lower] + values[upper]) / 2
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(middles, [tail, 100 - tail])
    return float(low), float(high)


@functools.lru_cache(maxsize=256)
def _middle_ranks(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The two middle ranks (one where ``n`` is odd) of each of ``RESAMPLES`` resamples of n."""
    import numpy as np

    drawn = np.sort(np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n)), axis=1)
    return drawn[:, (n - 1) // 2], drawn[:, n // 2]


def _bootstrap(data: tuple[tuple[float, ...], ...]) -> tuple[float, float]:
    # Here, because it takes half a second: most tables have too few samples to need it.
    import numpy as np
    from scipy import stats

    if all(len(set(side)) == 1 for side in data):  # SciPy warns of a distribution of one point
        only = data[-1][0] / (data[0][0] if len(data) > 1 else 1.0)
        return only, only

    def statistic(*sides: np.ndarray, axis: int) -> np.ndarray:
        middles = [np.median(side, axis=axis) for side in sides]
        return np.asarray(middles[0] if len(middles) == 1 else middles[1] / middles[0])

    found = stats.bootstrap(
        data,
        statistic,
        vectorized=True,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)
