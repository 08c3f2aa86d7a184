"""The jobs of one campaign that run at the same time: what each of them used, for the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.contract.samples import Samples

Read = Callable[[Path], Samples]


@dataclass
class _Job:
    file: Path
    began: float
    ended: float | None = None
    samples: Samples | None = None


@dataclass
class Beside:
    """Who runs now, and who ended while somebody ran who still does.

    Moments are seconds of the monotonic clock, as in samples.csv: of a machine, not a process.
    """

    read: Read
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, run_id: str, file: Path, moment: float) -> None:
        """A job starts, whose samples go to ``file``."""
        with self._lock:
            self._jobs[run_id] = _Job(file, moment)

    def others(self, run_id: str) -> dict[str, Samples]:
        """By run id, the samples so far of every other job that ran while this one did."""
        with self._lock:
            began = self._jobs[run_id].began
            near = {
                name: (job.file, job.samples)
                for name, job in self._jobs.items()
                if name != run_id and (job.ended is None or job.ended > began)
            }
        found = {name: kept or self.read(file) for name, (file, kept) in near.items()}
        with self._lock:
            # One that ended meanwhile may have taken its file with it; what it left is whole.
            ended = {name: self._jobs[name].samples for name in near if name in self._jobs}
        found |= {name: samples for name, samples in ended.items() if samples is not None}
        return {name: samples for name, samples in found.items() if samples.times}

    def end(self, run_id: str, moment: float, samples: Samples) -> None:
        """A job has ended; its samples are kept while a job runs that began before."""
        with self._lock:
            ours = self._jobs[run_id]
            ours.ended, ours.samples = moment, samples
            running = [job.began for job in self._jobs.values() if job.ended is None]
            first = min(running, default=None)
            for name, job in list(self._jobs.items()):
                if job.ended is not None and (first is None or job.ended <= first):
                    del self._jobs[name]
