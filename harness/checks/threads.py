"""Did the job compute with as many threads as were asked for? By the tool's word, and by what it
used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.checks.case import Case
from runner.contract.result import Finding
from runner.contract.samples import JOB_CPU_COLUMN, Samples, core_column

_TELLS_ITS_THREADS = "intra_op_threads"
"""A tool's own number of threads for one operation, where it can be asked."""

_BESIDE = 1.0
"""Cores that a tool may use besides its threads: Python, and what feeds and dispatches."""

_SLACK_S = 0.5

_GROWN = ("rounds", "trees")
"""Work in which every thread has a share of the rows or trees of its own. Networks may have too
little for all threads."""

_PART_S = 0.5
"""At the 10 ms of the kernel's counters a part is good to 0.04 cores for two threads."""

_HALF, _ABOVE = 0.5, 0.2
"""Half the threads, with what the process does besides. xgboost, lightgbm and scikit-learn used
1.7 to 1.9 cores of two in the best part of each fit of 0.5 to 2.2 s (2026-11-26, 2 cores)."""

_ROOM = 0.8
"""Cores that others left, as a share of the threads: with less the job could not show its own."""


def as_told(case: Case) -> Iterator[Finding]:
    """The tool says the number that was asked for, and the job used no more cores than that."""
    asked, measured = case.job.threads, case.measured
    if asked is None or case.job.device != "cpu":
        return
    told: Any = measured.attestation.framework.get(_TELLS_ITS_THREADS)
    used_s, fit_s = measured.cpu.job_cpu_s, measured.phases.fit_s
    words = []
    if type(told) is int and told > 0 and told != asked:
        words.append(f"the tool says {told}")
    if used_s is not None and used_s > (asked + _BESIDE) * fit_s + _SLACK_S:
        words.append(f"the job used {used_s / fit_s:.1f} cores while it trained")
    if words:
        yield _finding(asked, ", ".join(words))


def at_work(case: Case) -> Iterator[Finding]:
    """Trees grew on more than half as many cores as threads were asked for, whatever the tool says.

    By the sampler's figures, and only of moments in which others left the job its cores.
    """
    asked, marks = case.job.threads, case.measured.marks
    if asked is None or case.job.device != "cpu" or case.workload.unit not in _GROWN:
        return
    if "fit" not in marks or "fit_end" not in marks:
        return
    samples = case.seen.samples
    window = samples.covered(marks["fit"], marks["fit_end"])
    most = _most_cores(samples, *window, _ROOM * asked) if window else None
    if most is not None and asked > 1 and most <= _HALF * asked + _ABOVE:
        yield _finding(asked, f"the job never used more than {most:.1f} cores while it trained")


def _most_cores(samples: Samples, start_s: float, end_s: float, room: float) -> float | None:
    """The most that the job used in a part of the window in which it could have used ``room``."""
    count = int((end_s - start_s) / _PART_S)
    length = (end_s - start_s) / max(1, count)
    used = []
    for number in range(count):
        early, late = start_s + number * length, start_s + (number + 1) * length
        job = samples.growth(JOB_CPU_COLUMN, early, late)
        cores = [samples.growth(core_column(core), early, late) for core in samples.cores]
        busy = [seconds for seconds in cores if seconds is not None]
        if job is not None and len(busy) == len(samples.cores):
            others = max(0.0, sum(busy) - job)
            if len(busy) - others / length >= room:
                used.append(job / length)
    return max(used, default=None)


def _finding(asked: int, words: str) -> Finding:
    return Finding(
        code="unproven",
        severity="suspect",
        evidence=f"{asked} thread{'s were' if asked > 1 else ' was'} asked for, {words}",
        advice="the tool does not follow --threads: compare this row with those of its own "
        "number of threads",
    )
