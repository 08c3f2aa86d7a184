"""What a job beside others tells: its lines to the reader, its GPUs to who shares them out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from harness.campaign.outlook import Standing
from harness.campaign.watcher import Watcher
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.contract.judging import DEVICES_FREE
from runner.contract.result import Result


class OneOfSeveral:
    """One watcher for several jobs: a line at a time, each with its job's GPU, no live display."""

    def __init__(
        self,
        watcher: Watcher,
        lock: threading.Lock,
        on_start: Callable[[], None],
        on_free: Callable[[], None],
    ) -> None:
        """Pass on to ``watcher``, under ``lock``, what one job tells.

        Args:
            watcher: of all jobs.
            lock: of all jobs.
            on_start: is called before an attempt starts.
            on_free: once the job leaves its GPUs, which may be before it ends.
        """
        self._watcher, self._lock = watcher, lock
        self._on_start, self._on_free = on_start, on_free

    def say(self, line: str) -> None:
        """Pass it on."""
        with self._lock:
            self._watcher.say(line)

    def job_started(self, job: Job, number: int, total: int) -> None:
        """One line of it."""
        self._on_start()
        variant = "" if job.variant == "default" else f" {job.variant}"
        gpus = job.gpus or []
        where = f"GPU{'s' if len(gpus) > 1 else ''} {','.join(gpus)}"
        self.say(f"[{number}/{total}] {job.backend}{variant} on {where}, {job.launcher}: started")

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[Advance]:
        """Pass it on."""
        return self._watcher.download(name, size_bytes)

    def standing(self, standing: Standing) -> None:
        """Pass it on."""
        with self._lock:
            self._watcher.standing(standing)

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """Epochs of several jobs in one stream say nothing to a reader."""
        del job
        if event.get("event") == DEVICES_FREE:
            self._on_free()

    def job_ended(self, result: Result) -> None:
        """Pass it on."""
        with self._lock:
            self._watcher.job_ended(result)
