"""How busy a GPU was in each step of a timeline: from the source that GPU (%) is from.

That is NVML's own samples, each by the share of its period that lies in the step, as
runner/meters/gpu_periods.py has it for a window. Its readings look back for up to a second, and
would lie as far to the right of the phases; they are taken where there are no periods.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

COVERED_SHARE = 0.8
"""Of a step that periods have to cover, as of a window."""


def by_periods(
    ends: _Array | None, percents: _Array | None, edges: _Array, readings: _Array | None
) -> _Array | None:
    """Mean of each step in percent.

    Args:
        ends: of a period, in seconds of the samples' time, one a sample; NaN where none was new.
        percents: what the GPU was busy in it, since the end of the one before.
        edges: of the steps, n + 1 of them.
        readings: the mean of each step by readings, for steps that periods do not cover.

    Returns:
        n figures; NaN is not measured. None if there is nothing of either.
    """
    if ends is None or percents is None:
        return readings
    sound = ~np.isnan(ends) & (percents >= 0) & (percents <= 100)
    ends, percents = ends[sound], percents[sound]
    later = np.concatenate(([True], ends[1:] > np.maximum.accumulate(ends)[:-1]))[: len(ends)]
    ends, percents = ends[later], percents[later]
    if len(ends) < 2:  # of the first it is not known when it began
        return readings
    busy = np.concatenate(([0.0], np.cumsum(np.diff(ends) * percents[1:])))
    covered = np.diff(np.clip(edges, ends[0], ends[-1]))
    told = covered >= COVERED_SHARE * np.diff(edges)
    grown = np.diff(np.interp(edges, ends, busy))
    means: _Array = np.full(len(covered), np.nan) if readings is None else readings.copy()
    means[told] = grown[told] / covered[told]
    return means
