"""Did others take the cores that the job wanted?

What counts is CPU time of others against the job's own in the training call, and whether cores were
short meanwhile. Six foreign cores beside a job on 58 others are told (``info``): they share caches,
memory and the clock's headroom. Only where the job may have had to wait is the run ``suspect``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.case import Case
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


def others(case: Case) -> Iterator[Finding]:
    """Nothing else used the machine while the job trained: no stranger, no job of ours."""
    own_s = case.measured.cpu.job_cpu_s
    found = _loads(case.measured, case.seen)
    if found is not None and own_s is not None:
        yield from _foreign(found.foreign, own_s, case.measured.phases.fit_s)
        yield from _beside(found.beside, own_s)


def _foreign(load: Load, own_s: float, fit_s: float) -> Iterator[Finding]:
    if load.total_s > _least_s(own_s):
        yield _finding(
            "foreign-load",
            load,
            own_s,
            f"{load.total_s:.1f} s of CPU time in the fit window were not the job's "
            f"({load.total_s / fit_s:.1f} cores; the job used {own_s:.1f} s)",
            if_waited="close other programs and run again",
            if_not="there were cores left for the job; caches, memory and clocks it shared",
        )


def _beside(loads: dict[str, Load], own_s: float) -> Iterator[Finding]:
    near = {run: load for run, load in loads.items() if load.total_s > _SHARE * own_s}
    if near:
        together = Load()
        for load in near.values():
            together.total_s += load.total_s
            together.short_s += load.short_s
        yield _finding(
            "own-neighbour",
            together,
            own_s,
            f"beside it ran {', '.join(sorted(near))} of the same campaign and used "
            f"{together.total_s:.1f} s of CPU time in its fit window",
            if_waited="the jobs wait for each other's cores: give each its own with "
            "--cores-per-gpu, or run without --parallel-gpus",
            if_not="there were cores left for both; memory and its bandwidth they shared",
        )


def _finding(
    code: str, load: Load, own_s: float, evidence: str, *, if_waited: str, if_not: str
) -> Finding:
    """The finding on a load: suspect where the job may have waited for cores."""
    waited = load.short_s > _least_s(own_s)
    short = f"{max(load.short_s, 0.0):.1f} s of it while hardly a core was idle"
    return Finding(
        code=code,
        severity="suspect" if waited else "info",
        evidence=f"{evidence}, {short}",
        advice=if_waited if waited else if_not,
    )


def _least_s(own_s: float) -> float:
    return max(_MIN_S, _SHARE * own_s)


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
