"""Three clocks of one job: the trainer's own, the judge's, and the harness's. They must agree."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.seen import Seen
from runner.contract.measurement import Measurement
from runner.contract.result import Finding

_CLOCK_SLACK_S = 0.05
_HEARD_SLACK_S, _HEARD_SHARE = 0.3, 0.05  # a busy machine wakes the judge late
_ARRIVED_SLACK_S, _ARRIVED_SHARE = 1.0, 0.05  # and the engine passes lines on in its own time
_UNEXPLAINED_S, _UNEXPLAINED_SHARE = 3.0, 0.1


def findings(measured: Measurement, seen: Seen) -> Iterator[Finding]:
    """Times that contradict each other, or that leave much of the job unexplained."""
    wrong = list(_contradictions(measured, seen))
    if wrong:
        yield Finding(
            code="clock",
            severity="invalid",
            evidence="; ".join(wrong[:3]),
            advice="a clock of this job cannot be right; do not use this row",
        )
    yield from _unexplained(measured, seen)


def _contradictions(measured: Measurement, seen: Seen) -> Iterator[str]:
    fit_s, wall_s = measured.phases.fit_s, seen.witness.wall_s
    inside_s = sum(epoch.duration_s for epoch in measured.epochs)
    if fit_s > wall_s + _CLOCK_SLACK_S or inside_s > fit_s + _CLOCK_SLACK_S:
        yield (
            f"the job took {wall_s:.2f} s from outside, says {fit_s:.2f} s for fit and "
            f"{inside_s:.2f} s for its epochs"
        )
    heard_s = _between(measured, "fit", "fit_end")
    if heard_s is not None and _apart(fit_s, heard_s, _HEARD_SLACK_S, _HEARD_SHARE):
        yield f"the trainer says {fit_s:.2f} s for fit, the judge's clock {heard_s:.2f} s"
    for epoch in measured.epochs:
        heard_s = epoch.heard_s
        if heard_s is not None and _apart(epoch.duration_s, heard_s, _HEARD_SLACK_S, _HEARD_SHARE):
            yield (
                f"the trainer says {epoch.duration_s:.2f} s for epoch {epoch.number}, the judge's "
                f"clock {heard_s:.2f} s"
            )
    arrived_s = seen.witness.between("fit", "evaluate")
    marked_s = _between(measured, "fit", "evaluate")
    if (
        arrived_s is not None
        and marked_s is not None
        and _apart(arrived_s, marked_s, _ARRIVED_SLACK_S, _ARRIVED_SHARE)
    ):
        yield f"the judge says {marked_s:.2f} s for fit, the harness's clock {arrived_s:.2f} s"


def _unexplained(measured: Measurement, seen: Seen) -> Iterator[Finding]:
    span_s = seen.witness.between("import", "done")
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


def _between(measured: Measurement, first: str, second: str) -> float | None:
    marks = measured.marks
    return marks[second] - marks[first] if first in marks and second in marks else None


def _apart(one_s: float, other_s: float, slack_s: float, share: float) -> bool:
    return abs(one_s - other_s) > slack_s + share * max(one_s, other_s)
