"""The jobs of one campaign that run at the same time: what each of them used, for the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from runner.contract.samples import PROOF_FILE, SAMPLES_FILE, Samples

Read = Callable[[Path], Samples]
_Used = dict[str, Samples]

_FILES = {"": SAMPLES_FILE, " (its proof)": PROOF_FILE}
"""What is behind the name of whose files: the trainer's, and once it is gone the judge's."""


@dataclass
class _Job:
    folder: Path
    began: float
    cores: frozenset[int] | None
    ended: float | None = None
    used: _Used | None = None


@dataclass
class Beside:
    """Who runs now, and who ended while somebody ran who still does.

    Jobs on cores of their own are not beside each other: samples are of a job's own cores. Moments
    are seconds of the monotonic clock, as in samples.csv: of a machine, not a process.
    """

    read: Read
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self, run_id: str, folder: Path, moment: float, cores: Iterable[int] | None = None
    ) -> None:
        """A job starts, whose samples go to ``folder``, on ``cores`` or on all of them."""
        with self._lock:
            on = None if cores is None else frozenset(cores)
            self._jobs[run_id] = _Job(folder, moment, on)

    def others(self, run_id: str) -> _Used:
        """By name, the samples so far of every other job that ran on its cores while it did."""
        with self._lock:
            ours = self._jobs[run_id]
            near = {
                name: (job.folder, job.used)
                for name, job in self._jobs.items()
                if name != run_id
                and (job.ended is None or job.ended > ours.began)
                and (ours.cores is None or job.cores is None or ours.cores & job.cores)
            }
        found = {
            name: self._of(name, folder) if used is None else used
            for name, (folder, used) in near.items()
        }
        with self._lock:
            # One that ended meanwhile may have taken its files with it; what it left is whole.
            ended = {name: self._jobs[name].used for name in near if name in self._jobs}
        found |= {name: used for name, used in ended.items() if used is not None}
        return {name: samples for used in found.values() for name, samples in used.items()}

    def end(self, run_id: str, moment: float) -> None:
        """A job has ended; its samples are kept while a job runs that began before."""
        with self._lock:
            folder = self._jobs[run_id].folder
        used = self._of(run_id, folder)
        with self._lock:
            ours = self._jobs[run_id]
            ours.ended, ours.used = moment, used
            running = [job.began for job in self._jobs.values() if job.ended is None]
            first = min(running, default=None)
            for name, job in list(self._jobs.items()):
                if job.ended is not None and (first is None or job.ended <= first):
                    del self._jobs[name]

    def _of(self, run_id: str, folder: Path) -> _Used:
        found = {f"{run_id}{whose}": self.read(folder / file) for whose, file in _FILES.items()}
        return {name: samples for name, samples in found.items() if samples.times}
