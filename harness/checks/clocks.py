"""Do the clocks of one job agree? The trainer's own, the judge's, the harness's, and the wall's.

No measured time comes from the wall clock; it dates a result and gives it its place among others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from harness.checks.case import Case
from runner.contract.measurement import Measurement
from runner.contract.result import Finding

_CLOCK_SLACK_S = 0.05
_HEARD_SLACK_S, _HEARD_SHARE = 0.3, 0.05  # a busy machine wakes the judge late
_ARRIVED_SLACK_S, _ARRIVED_SHARE = 1.0, 0.05  # and the engine passes lines on in its own time
_UNEXPLAINED_S, _UNEXPLAINED_SHARE = 3.0, 0.1
_WALL_TOLERANCE_S = 5.0
"""The times of a result are whole seconds, and time synchronisation may move them by some more."""


def contradictions(case: Case) -> Iterator[Finding]:
    """The trainer's, the judge's and the harness's clocks say the same of the training."""
    wrong = list(_contradictions(case))
    if wrong:
        yield Finding(
            code="clock",
            severity="invalid",
            evidence="; ".join(wrong[:3]),
            advice="a clock of this job cannot be right; do not use this row",
        )


def unexplained(case: Case) -> Iterator[Finding]:
    """The phases of the job explain all of its time."""
    measured = case.measured
    span_s = case.seen.witness.between("import", "done")
    if span_s is None or not measured.marks:
        return
    told_s = measured.phases.total_s + (measured.phases.proof_s or 0.0)
    rest_s = span_s - told_s
    if rest_s > _UNEXPLAINED_S + _UNEXPLAINED_SHARE * told_s:
        yield Finding(
            code="time-unexplained",
            severity="suspect",
            evidence=f"the job spoke for {span_s:.1f} s, its phases explain {told_s:.1f} s",
            advice="log.txt may say what it did in between; do not trust its times",
        )


def wall_clock(case: Case) -> Iterator[Finding]:
    """Nobody set the wall clock while the job ran."""
    wall_s = case.seen.witness.wall_s
    started, finished = map(datetime.fromisoformat, (case.started_at, case.finished_at))
    passed_s = (finished - started).total_seconds()
    ahead_s = passed_s - wall_s
    if abs(ahead_s) <= _WALL_TOLERANCE_S:
        return
    times = (
        f"{case.started_at} to {case.finished_at} is {passed_s:.0f} s, and the job took "
        f"{wall_s:.0f} s"
    )
    if ahead_s < 0:
        yield Finding(
            code="clock-set-back",
            severity="info",
            evidence=f"{times}: the clock was set back by about {-ahead_s:.0f} s meanwhile",
            advice="durations are right, they come from another clock; dates, and with them "
            "the order of results, are not: let time synchronisation settle before a campaign",
        )
    else:
        yield Finding(
            code="clock-set-forward",
            severity="info",
            evidence=f"{times}: the clock was set forward by about {ahead_s:.0f} s meanwhile, or "
            "the machine was asleep",
            advice="durations are right if it was the clock; after a sleep run it again",
        )


def _contradictions(case: Case) -> Iterator[str]:
    measured, witness = case.measured, case.seen.witness
    fit_s, wall_s = measured.phases.fit_s, witness.wall_s
    inside_s = sum(lap.duration_s for lap in measured.laps)
    if fit_s > wall_s + _CLOCK_SLACK_S or inside_s > fit_s + _CLOCK_SLACK_S:
        yield (
            f"the job took {wall_s:.2f} s from outside, says {fit_s:.2f} s for fit and "
            f"{inside_s:.2f} s for its laps"
        )
    heard_s = _between(measured, "fit", "fit_end")
    if heard_s is not None and _apart(fit_s, heard_s, _HEARD_SLACK_S, _HEARD_SHARE):
        yield f"the trainer says {fit_s:.2f} s for fit, the judge's clock {heard_s:.2f} s"
    for lap in measured.laps:
        heard_s = lap.heard_s
        if heard_s is not None and _apart(lap.duration_s, heard_s, _HEARD_SLACK_S, _HEARD_SHARE):
            yield (
                f"the trainer says {lap.duration_s:.2f} s for lap {lap.number}, the judge's "
                f"clock {heard_s:.2f} s"
            )
    arrived_s = witness.between("fit", "evaluate")
    marked_s = _between(measured, "fit", "evaluate")
    if (
        arrived_s is not None
        and marked_s is not None
        and _apart(arrived_s, marked_s, _ARRIVED_SLACK_S, _ARRIVED_SHARE)
    ):
        yield f"the judge says {marked_s:.2f} s for fit, the harness's clock {arrived_s:.2f} s"


def _between(measured: Measurement, first: str, second: str) -> float | None:
    marks = measured.marks
    return marks[second] - marks[first] if first in marks and second in marks else None


def _apart(said_s: float, heard_s: float, slack_s: float, share: float) -> bool:
    return abs(said_s - heard_s) > slack_s + share * max(said_s, heard_s)
