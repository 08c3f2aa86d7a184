"""How far one shard is: told from its folder, with the engine's word as a hint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from harness.fleet.heartbeat import BEATS_UNTIL_STALE
from harness.fleet.scheduler import Seen
from harness.fleet.shard_files import Beat, End, ShardFolder, Submitted

Phase = Literal[
    "planned", "waiting", "running", "silent", "lost", "out of time",
    "done", "refused", "failed", "stopped", "given up",
]  # fmt: skip
OVER: tuple[Phase, ...] = ("done", "refused", "failed", "stopped", "given up")
"""Nothing becomes of it by itself any more."""
ACTIVE: tuple[Phase, ...] = ("waiting", "running", "silent")
"""The engine has it, or a host."""

_ENDS: dict[str, Phase] = {
    "done": "done",
    "refused": "refused",
    "failed": "failed",
    "interrupted": "stopped",
    "out-of-time": "out of time",
}


@dataclass(frozen=True)
class Standing:
    """One shard at one moment.

    Attributes:
        host: where it runs or ran last; empty before that.
        beat: its last sign of life.
        words: what else there is to say: why it waits, or how it ended.
        submissions: how often it was submitted.
    """

    name: str
    label: str
    phase: Phase
    host: str = ""
    beat: Beat = field(default_factory=lambda: Beat(count=0))
    words: str = ""
    submissions: int = 0


class Watch:
    """Follows one shard over time, by this process's own clock.

    Args:
        folder: the shard's.
        label: of the type of its host.
        heartbeat_s: between two signs of life.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        folder: ShardFolder,
        label: str,
        heartbeat_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self.label = label
        self.stale_s = heartbeat_s * BEATS_UNTIL_STALE
        self._clock = clock
        self._life: tuple[object, ...] = ()
        self._life_at = clock()
        self._gave_up = ""
        self._bygone: str | None = None

    def current(self) -> Submitted | None:
        """The last submission."""
        submissions = self.folder.submissions()
        return submissions[-1] if submissions else None

    def give_up(self, why: str) -> None:
        """Wait no longer for it."""
        self._gave_up = why

    def begin_again(self) -> None:
        """Let an end other than that of all jobs count no more: it is submitted anew."""
        last = self.current()
        self._bygone = last.job_id if last else None

    def look(self, seen: Seen | None) -> Standing:
        """How far it is.

        Args:
            seen: what the engine says of the last submission; None: it was not asked.

        Raises:
            BenchdlError: the shard's folder cannot be read.
        """
        submissions, ends = self.folder.submissions(), self.folder.ends()
        begins, beats = self.folder.begins(), self.folder.beats()
        last = submissions[-1] if submissions else None
        job_id = last.job_id if last else None
        begin = begins.get(job_id or "")
        beat = beats.get(job_id or "", Beat(count=0))
        self._note_life((len(submissions), job_id, begin is not None, beat.count))
        done = next((end for end in ends.values() if end.how == "done"), None)
        end = done or ends.get(job_id or "")
        phase, words = self._phase(end, last, seen, begun=begin is not None)
        return Standing(
            name=self.folder.name,
            label=self.label,
            phase=phase,
            host=begin.host if begin else seen.host if seen else "",
            beat=beat,
            words=words,
            submissions=len(submissions),
        )

    def _note_life(self, life: tuple[object, ...]) -> None:
        if life != self._life:
            self._life, self._life_at = life, self._clock()

    def _phase(
        self, end: End | None, last: Submitted | None, seen: Seen | None, *, begun: bool
    ) -> tuple[Phase, str]:
        job_id = last.job_id if last else None
        if end is not None and (end.how == "done" or job_id != self._bygone):
            advice = f" ({end.advice})" if end.advice else ""
            return _ENDS[end.how], end.message + advice
        if self._gave_up:
            return "given up", self._gave_up
        if job_id is None or end is not None:
            return "planned", ""
        return self._without_end(seen or Seen("unknown"), begun=begun)

    def _without_end(self, seen: Seen, *, begun: bool) -> tuple[Phase, str]:
        """The engine's word alone ends nothing: a host that it lost may go on."""
        quiet_s = self._clock() - self._life_at
        stale = quiet_s >= self.stale_s
        if begun and not stale:
            doubt = f"the engine says: {seen.reason}" if seen.state != "running" else ""
            return "running", doubt if seen.reason else ""
        if seen.state == "waiting" or not (begun or stale):
            return "waiting", seen.reason
        words = f"no sign of life for {quiet_s:.0f} s"
        words += f"; {seen.reason}" if seen.reason else ""
        return ("silent" if seen.state == "running" else "lost"), words
