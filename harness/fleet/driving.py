"""Driving a fleet: submit, look, collect, submit again what was lost, until nothing is left.

The driver may end at any time and another may take its place: all that it knows is in the folders.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from harness import interrupts
from harness.campaign import one_job, records
from harness.errors import BenchdlError, UsageError
from harness.fleet import cancelling, standing
from harness.fleet.collecting import Collector
from harness.fleet.fleet_record import Fleet, PlannedShard
from harness.fleet.patience import Patience
from harness.fleet.scheduler import Scheduler, Seen, Submission
from harness.fleet.shard_files import Submitted
from harness.fleet.standing import Standing, Watch
from harness.store import Store
from runner.contract.result import Result

MOST_SUBMISSIONS = 3
"""Of one shard, by one driver, without a new end of a job in between."""

_MOST_POLL_S = 10.0
_LEAST_POLL_S = 0.5


class FleetWatcher(Protocol):
    """Is told how a fleet goes on."""

    def say(self, line: str) -> None:
        """One line of notice."""

    def standing(self, shards: list[Standing]) -> None:
        """How far all shards are, again and again."""


@dataclass
class _Followed:
    """One shard, and what this driver did for it."""

    planned: PlannedShard
    watch: Watch
    now: Standing
    patience: Patience
    submitted: int = 0
    results_then: int = 0
    told: str = ""
    engine: Seen | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a fleet.

    Attributes:
        shards: where they stand.
        results: all that were collected.
        refused: a line for each thing that a shard holds and that could not be taken.
    """

    shards: list[Standing]
    results: list[Result]
    refused: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every shard ran all of its jobs, and all that came of them was taken."""
        return not self.refused and all(shard.phase == "done" for shard in self.shards)


class Driver:
    """One process that drives one fleet; a second is refused.

    Args:
        fleet: its record.
        scheduler: the engine that its file names.
        store: where results are collected.
        watcher: is told how it goes on.
        command: the ``benchdl`` of hosts whose type names none.
        again: what was refused, failed or was stopped is submitted anew.
        accept_changes: hosts that differ run as well; their results are then suspect.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        fleet: Fleet,
        scheduler: Scheduler,
        store: Store,
        watcher: FleetWatcher,
        command: Path,
        *,
        again: bool = False,
        accept_changes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._scheduler = scheduler
        self._store = store
        self._watcher = watcher
        self._command = command
        self._accept_changes = accept_changes
        self._clock = clock
        self._shards = [self._followed(planned, again=again) for planned in fleet.shards]

    def drive(self) -> Outcome:
        """Go on until no shard can become more.

        Raises:
            BenchdlError: another process drives it, or the store cannot be written.
            KeyboardInterrupt: Ctrl-C: the hosts go on, and another driver may take over.
        """
        beat_s = self._fleet.file.heartbeat_s
        poll_s = min(_MOST_POLL_S, max(_LEAST_POLL_S, beat_s / 2))
        with records.held(self._store, self._fleet.fleet_id):
            collector = Collector(self._fleet, self._store, self._watcher.say)
            while True:
                self._look()
                collector.collect(self._fleet.shards)
                self._act(collector)
                self._watcher.standing([shard.now for shard in self._shards])
                if all(shard.now.phase in standing.OVER for shard in self._shards):
                    break
                interrupts.sleep(poll_s)
            collector.collect(self._fleet.shards)
            for shard in self._shards:
                collector.conclude(shard.planned)
        results = sorted(collector.results.values(), key=lambda result: result.run_id)
        return Outcome([shard.now for shard in self._shards], results, collector.refused)

    def _followed(self, planned: PlannedShard, *, again: bool) -> _Followed:
        folder = self._fleet.shard_folder(planned)
        watch = Watch(folder, planned.label, self._fleet.file.heartbeat_s, self._clock)
        if again:
            watch.begin_again()
        patience = Patience(self._fleet.file.patience_s)
        return _Followed(planned, watch, watch.look(None), patience)

    def _look(self) -> None:
        """Ask the engine once for all, then read each folder."""
        ids = {}
        for shard in self._shards:
            last = shard.watch.current()
            if last is not None and last.job_id and shard.now.phase not in standing.OVER:
                ids[shard.planned.name] = last.job_id
        seen = self._scheduler.look(set(ids.values())) if ids else {}
        for shard in self._shards:
            if shard.now.phase not in standing.OVER:
                shard.engine = seen.get(ids.get(shard.planned.name, ""))
                shard.now = shard.watch.look(shard.engine)

    def _act(self, collector: Collector) -> None:
        """Submit what may be, give up what is hopeless."""
        cancelled = cancelling.is_cancelled(self._fleet)
        at_once = Counter(
            shard.planned.label for shard in self._shards if shard.now.phase in standing.ACTIVE
        )
        for shard in self._shards:
            self._tell(shard)
            if shard.now.phase in standing.ACTIVE:
                self._be_patient(shard)
            elif shard.now.phase in ("planned", "lost", "out of time"):
                room = self._fleet.file.hosts[shard.planned.label].count
                if cancelled:
                    self._end(shard, "cancelled before it ran")
                elif at_once[shard.planned.label] < room:
                    at_once[shard.planned.label] += self._submit(shard, collector)

    def _submit(self, shard: _Followed, collector: Collector) -> bool:
        """Hand the shard in, anew if it was lost; returns whether the engine has it."""
        name = f"{self._fleet.fleet_id}/{shard.planned.name}"
        have = sum(
            result.launch is not None
            and result.launch.shard == name
            and result.status != "interrupted"  # or a job longer than the limit began for ever
            for result in collector.results.values()
        )
        if have > shard.results_then:
            shard.submitted, shard.results_then = 0, have
        if shard.submitted >= MOST_SUBMISSIONS:
            often = f"{shard.now.phase} {shard.submitted} times without a new result"
            self._end(shard, f"{often}: {shard.now.words}")
            return False
        folder = shard.watch.folder
        submissions = folder.submissions()
        again = bool(submissions) and submissions[-1].job_id is not None
        number = max(1, len(submissions) + again)
        job_name = f"benchdl-{self._fleet.fleet_id}-{shard.planned.name}-{number}"
        if again and not self._cancel(submissions[-1].job_id or "", running=True):
            return True  # the engine could start the lost one later
        folder.note_submission(number, Submitted(name=job_name, at=one_job.now()))
        try:
            job_id = self._scheduler.submit(self._submission(shard, job_name))
        except UsageError as problem:
            self._end(shard, str(problem))
            return False
        except BenchdlError as problem:
            self._say(shard, f"not submitted yet: {problem}")
            return True  # it may have been taken: the same name is asked for again
        shard.submitted += 1
        folder.note_submission(number, Submitted(name=job_name, at=one_job.now(), job_id=job_id))
        if again:
            self._watcher.say(
                f"shard {shard.planned.name} was {shard.now.phase}: submitted again as job {job_id}"
            )
        shard.now = shard.watch.look(None)
        return True

    def _submission(self, shard: _Followed, job_name: str) -> Submission:
        hosts = self._fleet.file.hosts[shard.planned.label]
        folder = shard.watch.folder
        command = [str(hosts.benchdl or self._command), "shard", str(folder.path)]
        return Submission(
            name=job_name,
            command=command + (["--accept-changes"] if self._accept_changes else []),
            log=folder.log,
            hosts=hosts,
        )

    def _be_patient(self, shard: _Followed) -> None:
        """Bear a wait that cannot end, or a silence, only for a while."""
        verdict = shard.patience.verdict(shard.now, shard.engine, self._clock())
        last = shard.watch.current()
        if verdict == "bear" or last is None or last.job_id is None:
            return
        self._cancel(last.job_id, running=verdict == "end")
        if verdict == "end":
            self._say(shard, f"{shard.now.words}: told to end")
            return
        waited = f"waited {self._fleet.file.patience_s:.0f} s for what does not come"
        self._end(shard, f"{waited}: {shard.now.words}")

    def _cancel(self, job_id: str, *, running: bool) -> bool:
        """Ask the engine to end a job, or never to begin it; False if it cannot be asked."""
        try:
            self._scheduler.cancel(job_id, running=running)
        except BenchdlError as problem:
            self._watcher.say(f"job {job_id} could not be cancelled: {problem}")
            return False
        return True

    def _end(self, shard: _Followed, why: str) -> None:
        shard.watch.give_up(why)
        shard.now = replace(shard.now, phase="given up", words=why)
        self._tell(shard)

    def _tell(self, shard: _Followed) -> None:
        """Say once what a shard waits for, or how it ended."""
        if shard.now.words and shard.now.phase != "running":
            self._say(shard, f"{shard.now.phase}: {shard.now.words}", again=shard.now.phase)

    def _say(self, shard: _Followed, line: str, *, again: str = "") -> None:
        key = again or line
        if shard.told != key:
            shard.told = key
            self._watcher.say(f"shard {shard.planned.name}: {line}")
