"""How far a campaign is: what is done, running and left, and how long that will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from harness.campaign.plan import Configuration, PlannedJob
from harness.checks.verdict import verdict
from runner.contract.result import Result

State = Literal["done", "suspect", "invalid", "failed", "running", "left"]
ENDED: tuple[State, ...] = ("done", "suspect", "invalid", "failed")


_STATES: dict[str, State] = {"ok": "done", "suspect": "suspect", "invalid": "invalid"}


@dataclass(frozen=True)
class Standing:
    """A campaign at one moment.

    Attributes:
        states: of each configuration's repeats, in their order.
        left_s: seconds until the end, from the durations seen so far; None while none was seen.
    """

    states: dict[Configuration, list[State]]
    left_s: float | None

    def count(self, state: State) -> int:
        """How many jobs are in this state."""
        return sum(states.count(state) for states in self.states.values())

    @property
    def ended(self) -> int:
        """How many jobs are not to be run any more, whatever came of them."""
        return sum(map(self.count, ENDED))

    @property
    def total(self) -> int:
        """All jobs of the campaign."""
        return sum(map(len, self.states.values()))

    def __str__(self) -> str:
        running = self.count("running")
        words = [f"{self.ended} of {self.total} done"]
        bad = [f"{n} {state}" for state in reversed(ENDED[1:]) if (n := self.count(state))]
        words[0] += f" ({', '.join(bad)})" if bad else ""
        words += [f"{running} running"] if running else []
        words += [f"{self.count('left')} left"]
        if self.left_s is not None and (running or self.count("left")):
            words.append(f"about {duration(self.left_s)} to go")
        return ", ".join(words)


class Outlook:
    """Follows the jobs of one campaign, which have ``side_by_side`` GPUs at once, or one place."""

    def __init__(
        self,
        jobs: list[PlannedJob],
        earlier: Iterable[Result] = (),
        side_by_side: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._side_by_side = side_by_side
        self._clock = clock
        self._ends: dict[int, Result] = {}
        self._begins: dict[int, float] = {}
        for result in earlier:
            self._note(result)

    def started(self, position: int) -> None:
        """The job at ``position`` starts now."""
        self._begins[position] = self._clock()

    def ended(self, result: Result) -> None:
        """A job ended and is stored."""
        if result.job.campaign_position is not None:
            self._begins.pop(result.job.campaign_position, None)
        self._note(result)

    def standing(self) -> Standing:
        """How far it is now."""
        states: dict[Configuration, list[State]] = {}
        for job in sorted(self._jobs, key=lambda job: job.repeat):
            states.setdefault(job.configuration, []).append(self._state(job.position))
        return Standing(states, self._left_s())

    def _note(self, result: Result) -> None:
        if result.status != "interrupted" and result.job.campaign_position is not None:
            self._ends[result.job.campaign_position] = result

    def _state(self, position: int) -> State:
        if position in self._begins:
            return "running"
        if position not in self._ends:
            return "left"
        end = self._ends[position]
        return _STATES.get(verdict(end.status, end.findings), "failed")

    def _left_s(self) -> float | None:
        """Expected seconds of all jobs without an end, what has run of them taken off."""
        now, total = self._clock(), 0.0
        wanted = {job.configuration for job in self._jobs}
        lasts = {configuration: self._expected_s(configuration) for configuration in wanted}
        for job in self._jobs:
            if job.position in self._ends:
                continue
            expected = lasts[job.configuration]
            if expected is None:
                return None
            begin = self._begins.get(job.position)
            left_s = expected if begin is None else max(0.0, expected - (now - begin))
            total += left_s * job.configuration.share(self._side_by_side)
        return total

    def _expected_s(self, wanted: Configuration) -> float | None:
        """Median duration of the nearest jobs seen: the same, of the same backend, of any."""
        ends = [
            (job.configuration, self._ends[job.position])
            for job in self._jobs
            if job.position in self._ends
        ]
        nearest: tuple[Callable[[Configuration], bool], ...] = (
            lambda seen: seen == wanted,
            lambda seen: (seen.backend, seen.device) == (wanted.backend, wanted.device),
            lambda _: True,
        )
        for near in nearest:
            # A job that failed says nothing of how long others take, but for its own repeats.
            for status in ("ok", "failed") if near is nearest[0] else ("ok",):
                known = [_lasted_s(end) for ran, end in ends if near(ran) and end.status == status]
                if known:
                    return median(known)
        return None


def duration(seconds: float) -> str:
    """For a reader: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def _lasted_s(result: Result) -> float:
    """From the end of the job before: its own time and what was waited for it."""
    if result.launch is None:
        return 0.0
    idle = result.launch.idle
    return result.launch.wall_s + (idle.cool_down_s + idle.waited_s if idle else 0.0)
