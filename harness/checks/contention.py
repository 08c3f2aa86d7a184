"""Did others take the cores that the job wanted? Other load, and a control group's quota.

What counts is CPU time of others against the job's own in the training call, and whether cores were
short meanwhile. Six foreign cores beside a job on 58 others are told (``info``): they share caches,
memory and the clock's headroom. Only where the job may have had to wait is the run ``suspect``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.seen import Seen
from runner.contract.measurement import Measurement
from runner.contract.result import Finding
from runner.contract.samples import JOB_CPU_COLUMN, Samples, core_column

_SHARE = 0.1
"""Of the job's own CPU time: what others used beyond it is told."""
_MIN_S = 0.5

_INTERVAL_S = 1.0
_FREE_SHARE, _FREE_CORES = 0.1, 1.0
"""Cores are short in an interval that leaves fewer idle than this: one that is idle on average may
be busy whenever the job wants it."""

_THROTTLED_SHARE = 0.05
_THROTTLED_MIN_S = 0.2


@dataclass
class Load:
    """CPU seconds in the training call: all of them, and those while cores were short."""

    total_s: float = 0.0
    short_s: float = 0.0

    def add(self, seconds: float, *, short: bool) -> None:
        """Count an interval."""
        self.total_s += seconds
        self.short_s += seconds if short else 0.0


@dataclass
class Loads:
    """Of others, and of each other job of the same campaign, by run id."""

    foreign: Load = field(default_factory=Load)
    beside: dict[str, Load] = field(default_factory=dict)


def findings(measured: Measurement, seen: Seen) -> Iterator[Finding]:
    """Other load in the training call, and time that a quota took."""
    own_s = measured.cpu.job_cpu_s
    found = _loads(measured, seen)
    if found is not None and own_s is not None:
        yield from _foreign(found.foreign, own_s, measured)
        yield from _beside(found.beside, own_s)
    yield from _throttled(measured)


def _foreign(load: Load, own_s: float, measured: Measurement) -> Iterator[Finding]:
    least_s = max(_MIN_S, _SHARE * own_s)
    if load.total_s <= least_s:
        return
    contended = load.short_s > least_s
    cores = load.total_s / measured.phases.fit_s
    yield Finding(
        code="foreign-load",
        severity="suspect" if contended else "info",
        evidence=f"{load.total_s:.1f} s of CPU time in the fit window were not the job's "
        f"({cores:.1f} cores; the job used {own_s:.1f} s), {_while_short(load)}",
        advice="end other programs and run again"
        if contended
        else "there were cores left for the job; caches, memory and clocks it shared",
    )


def _beside(loads: dict[str, Load], own_s: float) -> Iterator[Finding]:
    near = {run: load for run, load in loads.items() if load.total_s > _SHARE * own_s}
    if not near:
        return
    both = Load(sum(one.total_s for one in near.values()), sum(x.short_s for x in near.values()))
    contended = both.short_s > max(_MIN_S, _SHARE * own_s)
    yield Finding(
        code="own-neighbour",
        severity="suspect" if contended else "info",
        evidence=f"beside it ran {', '.join(sorted(near))} of the same campaign and used "
        f"{both.total_s:.1f} s of CPU time in its fit window, {_while_short(both)}",
        advice="run without --parallel-gpus: the jobs wait for each other's cores"
        if contended
        else "there were cores left for both; memory and its bandwidth they shared",
    )


def _while_short(load: Load) -> str:
    return f"{max(load.short_s, 0.0):.1f} s of it while hardly a core was idle"


def _throttled(measured: Measurement) -> Iterator[Finding]:
    use = measured.cpu
    if not use.quota_periods or use.throttled_periods is None or use.throttled_s is None:
        return
    share = use.throttled_periods / use.quota_periods
    if share < _THROTTLED_SHARE or use.throttled_s < _THROTTLED_MIN_S:
        return
    quota = f"of {use.quota_cores:g} cores " if use.quota_cores else ""
    yield Finding(
        code="cpu-throttled",
        severity="suspect",
        evidence=f"a quota {quota}stopped the job in {use.throttled_periods} of "
        f"{use.quota_periods} periods of the fit window ({share:.0%}), for {use.throttled_s:.1f} s "
        "summed over cores",
        advice="the time is the quota's, not the processor's: lift it (docker run --cpus, cpu.max, "
        "CPUQuota=), or give whole cores instead (--cpuset-cpus, taskset)",
    )


def _loads(measured: Measurement, seen: Seen) -> Loads | None:
    """By intervals of the samples; without them by the averages of the whole window."""
    marks, samples, use = measured.marks, seen.samples, measured.cpu
    window = None
    if "fit" in marks and "fit_end" in marks:
        window = samples.covered(marks["fit"], marks["fit_end"])
    if window is None:
        if use.host_cpu_s is None or use.job_cpu_s is None:
            return None
        found, fit_s = Loads(), measured.phases.fit_s
        short = _short(use.visible_cores, use.host_cpu_s, fit_s)
        found.foreign.add(use.host_cpu_s - use.job_cpu_s, short=short)
        return found
    found = Loads()
    start, end = window
    count = max(1, round((end - start) / _INTERVAL_S))
    edges = [start + number * (end - start) / count for number in range(count)] + [end]
    for early, late in itertools.pairwise(edges):
        grown = [samples.growth(core_column(core), early, late) for core in samples.cores]
        job_s = samples.growth(JOB_CPU_COLUMN, early, late)
        known = [seconds for seconds in grown if seconds is not None]
        if job_s is None or not known or len(known) < len(grown):
            continue
        short = _short(len(known), sum(known), late - early)
        left_s = sum(known) - job_s  # may be a clock tick below zero: cutting it would add up
        for run, near in seen.beside.items():
            near_s = _used(near, early, late)
            found.beside.setdefault(run, Load()).add(near_s, short=short)
            left_s -= near_s
        found.foreign.add(left_s, short=short)
    return found


def _short(cores: int, busy_s: float, length_s: float) -> bool:
    return cores * length_s - busy_s < max(_FREE_CORES, _FREE_SHARE * cores) * length_s


def _used(samples: Samples, start_s: float, end_s: float) -> float:
    """CPU seconds of a job in the part of an interval in which it was sampled."""
    if not samples.times:
        return 0.0
    start, end = max(start_s, samples.times[0]), min(end_s, samples.times[-1])
    return (samples.growth(JOB_CPU_COLUMN, start, end) or 0.0) if end > start else 0.0
