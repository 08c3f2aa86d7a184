"""A host's sign of life in the shared folder, and how far its shard is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from harness.campaign.outlook import Standing
from harness.errors import BenchdlError
from harness.fleet.mirrored_store import MirroredStore
from harness.fleet.shard_files import Beat, ShardFolder
from harness.notices import Say
from harness.provision.progress import Advance, silent
from runner.contract.job import Job
from runner.contract.result import Result

BEATS_UNTIL_STALE = 6
"""A host that has given none for so long counts as gone: one lost write, or a slow folder, is not
enough."""


class Heartbeat:
    """Beats while the body of :meth:`beating` runs, and watches the shard's campaign.

    Args:
        folder: the shard's.
        job_id: the engine's.
        interval_s: between two beats.
        store: whose record and results reach the shared folder.
        say: takes one line of notice.
    """

    def __init__(
        self, folder: ShardFolder, job_id: str, interval_s: float, store: MirroredStore, say: Say
    ) -> None:
        self._folder = folder
        self._job_id = job_id
        self._interval_s = interval_s
        self._store = store
        self._beat = Beat(count=0)
        self._changed = threading.Lock()
        self._over = threading.Event()
        self.say = say

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Within the body there are signs of life, the first at once."""
        self._write()
        thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[Advance]:
        """Nothing is shown of it."""
        return silent(name, size_bytes)

    def standing(self, standing: Standing) -> None:
        """How far the campaign is; its record reaches the folder before its first job."""
        self._store.deliver()
        self._change(ended=standing.ended, total=standing.total, left_s=standing.left_s)

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Noted before the job starts: from then on, its loss can be told."""
        self._folder.note_started(job.run_id, job.model_dump_json(indent=1))
        self._change(running=f"{job.backend} {job.device}, job {number} of {total}")
        self.say(f"job {number} of {total}: {job.run_id}")

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """Progress within a job is not passed on: nothing is written beside a measurement."""

    def job_ended(self, result: Result) -> None:
        """It is stored."""
        self._change(running="")
        self.say(f"{result.run_id}: {result.status}")

    def _change(self, **news: Any) -> None:
        with self._changed:
            self._beat = self._beat.model_copy(update=news)

    def _run(self) -> None:
        while not self._over.wait(self._interval_s):
            self._write()

    def _write(self) -> None:
        with self._changed:
            self._beat = self._beat.model_copy(update={"count": self._beat.count + 1})
            beat = self._beat
        # The folder may be away for a while; results are delivered again, a beat is not.
        with contextlib.suppress(BenchdlError):
            self._folder.beat(self._job_id, beat)
