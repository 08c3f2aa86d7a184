"""What the harness itself saw of a job: when each of its words arrived, on the harness's clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

_MOST = 100_000


@dataclass
class Witness:
    """Notes a job's progress as it arrives.

    Attributes:
        wall_s: how long the job took from its start to its end.
        phases: the first arrival of each phase's beginning, and ``done``, in seconds of the
            monotonic clock (which the job shares, being on this machine).
    """

    wall_s: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)

    def event(self, event: dict[str, Any]) -> None:
        """Note one progress line; what makes no sense is passed over."""
        now = time.monotonic()
        name = event.get("phase") if event["event"] == "phase" else event["event"]
        if isinstance(name, str) and len(self.phases) < _MOST:
            self.phases.setdefault(name[:40], now)

    def between(self, first: str, second: str) -> float | None:
        """Seconds between two arrivals; None where one of them did not come."""
        if first not in self.phases or second not in self.phases:
            return None
        return self.phases[second] - self.phases[first]
