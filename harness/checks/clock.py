"""The wall clock beside the monotonic one: was it set while the job ran?

No measured time comes from the wall clock; it dates a result and gives it its place among others.
"""

from __future__ import annotations

from datetime import datetime

from runner.contract.result import Finding

TOLERANCE_S = 5.0
"""The times of a result are whole seconds, and time synchronisation may move them by some more."""


def findings(started_at: str, finished_at: str, wall_s: float) -> list[Finding]:
    """What is to be said of a job's times.

    Args:
        started_at, finished_at: by the wall clock, ISO 8601 with an offset.
        wall_s: how long it took by the monotonic clock.
    """
    passed_s = (
        datetime.fromisoformat(finished_at) - datetime.fromisoformat(started_at)
    ).total_seconds()
    ahead_s = passed_s - wall_s
    if abs(ahead_s) <= TOLERANCE_S:
        return []
    times = f"{started_at} to {finished_at} is {passed_s:.0f} s, and the job took {wall_s:.0f} s"
    if ahead_s < 0:
        return [
            Finding(
                code="clock-set-back",
                severity="info",
                evidence=f"{times}: the clock was set back by about {-ahead_s:.0f} s meanwhile",
                advice="durations are right, they come from another clock; dates, and with them "
                "the order of results, are not: let time synchronisation settle before a campaign",
            )
        ]
    return [
        Finding(
            code="clock-set-forward",
            severity="info",
            evidence=f"{times}: the clock was set forward by about {ahead_s:.0f} s meanwhile, or "
            "the machine was asleep",
            advice="durations are right if it was the clock; after a sleep run it again",
        )
    ]
