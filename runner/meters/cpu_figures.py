"""From samples to the CPU and memory figures of a result: pure functions of samples and a window.

A window is the time between two readings of ``time.monotonic()``, in seconds.
docs/definitions.md says the same in the reader's words.
"""

from __future__ import annotations

import os
from statistics import mean, median
from typing import Any, List, Optional

from runner.contract.measurement import CpuUse, MemoryUse, SamplerFacts
from runner.contract.samples import (
    JOB_CPU_COLUMN,
    PERIODS_COLUMN,
    RSS_COLUMN,
    STEAL_COLUMN,
    THROTTLED_COLUMN,
    THROTTLED_PERIODS_COLUMN,
    Samples,
    core_column,
)

BUSY_SHARE = 0.10
"""A core counts as busy from this share of an interval on."""

INTERVAL_S = 1.0
"""Intervals of about this length, as mpstat's for the table of 2016: at the 10 ms of the kernel's
counters a share is then good to 1 %, and bursts of a load (a batch, a duty cycle) average out.
Shorter ones would bias the mean of the busiest core upward."""

SHORT_INTERVAL_S = 0.5
SHORT_WINDOW_S = 3.0
"""Below this length of the window, intervals of about ``SHORT_INTERVAL_S``, for a median of at
least two."""

MIN_WINDOW_S = 1.0
"""Below this length nothing honest can be said about cores, nor about GPU utilisation, whose own
sample period is up to 1 s."""


def cpu_use(samples: Samples, start_s: float, end_s: float) -> CpuUse:
    """Cores over a window: ``busy_cores`` is the median over intervals of the number of cores at
    least 10 % busy, ``busiest_core_percent`` the mean over intervals of the busiest core.

    Both are ``None`` for a window below 1 s, one that was not sampled to its ends, or one with a
    gap as long as itself. The CPU seconds are growth over the window: the host's over the visible
    cores, the job's over its process tree. Without samples, every figure is ``None``.
    """
    cores = samples.cores
    visible = len(cores) or _own_cores()
    window = samples.covered(start_s, end_s)
    if window is None:
        return CpuUse(visible_cores=visible, quota_cores=samples.quota_cores)
    start, end = window
    per_core = [samples.growth(core_column(core), start, end) for core in cores]
    known = [seconds for seconds in per_core if seconds is not None]
    count = _intervals(samples, start, end)
    shares = [_shares(samples, start, end, count, number) for number in range(count)]
    shares = [interval for interval in shares if interval]
    return CpuUse(
        visible_cores=visible,
        busy_cores=median([sum(share >= BUSY_SHARE for share in interval) for interval in shares])
        if shares
        else None,
        # A share may come out a tick above 1: cut the mean, since cutting each would bias it.
        busiest_core_percent=min(100.0, 100 * mean(map(max, shares))) if shares else None,
        job_cpu_s=samples.growth(JOB_CPU_COLUMN, start, end),
        host_cpu_s=sum(known) if known else None,
        steal_s=samples.growth(STEAL_COLUMN, start, end),
        interval_s=(end - start) / count if shares else None,
        quota_cores=samples.quota_cores,
        quota_periods=_count(samples.growth(PERIODS_COLUMN, start, end)),
        throttled_periods=_count(samples.growth(THROTTLED_PERIODS_COLUMN, start, end)),
        throttled_s=samples.growth(THROTTLED_COLUMN, start, end),
    )


def _count(grown: Optional[float]) -> Optional[int]:
    """A counter between two samples is interpolated: to the nearest whole number."""
    return None if grown is None else round(grown)


def _intervals(samples: Samples, start: float, end: float) -> int:
    """Into how many intervals to cut a window; 0 where it says nothing about cores."""
    length = end - start
    gap = samples.longest_gap(start, end)
    # A last sample that is a few milliseconds early must not cost a window of 1 s its figures.
    if length < MIN_WINDOW_S - samples.interval_target_s or gap >= length:
        return 0
    target = SHORT_INTERVAL_S if length < SHORT_WINDOW_S else INTERVAL_S
    return round(length / max(target, gap))


def _shares(samples: Samples, start: float, end: float, count: int, number: int) -> List[float]:
    """How busy each core was in one of ``count`` equal intervals, from 0 to 1."""
    length = (end - start) / count
    early = start + number * length
    late = end if number == count - 1 else early + length
    growths = [samples.growth(core_column(core), early, late) for core in samples.cores]
    return [growth / length for growth in growths if growth is not None]


def memory_use(samples: Samples, start_s: float, end_s: float) -> MemoryUse:
    """The highest sampled resident memory of the job's processes in a window."""
    resident = samples.inside(RSS_COLUMN, start_s, end_s)
    return MemoryUse(rss_peak_bytes=int(max(resident)) if resident else None)


def sampler_facts(samples: Samples, start_s: float, end_s: float) -> SamplerFacts:
    """How many samples fell into a window and how far apart they were."""
    times = [moment for moment in samples.times if start_s <= moment <= end_s]
    gaps = [late - early for early, late in zip(times, times[1:])]
    return SamplerFacts(
        interval_target_s=samples.interval_target_s,
        interval_median_s=median(gaps) if gaps else None,
        samples=len(times),
    )


def _own_cores() -> int:
    """The cores of this process: what the sampler would have found."""
    affinity: Optional[Any] = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
