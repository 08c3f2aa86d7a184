"""Between a campaign and whoever watches it: nothing that a watcher raises reaches a job."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from harness.campaign.outlook import Standing
from harness.campaign.watcher import Watcher
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.contract.result import Result

_LOG = logging.getLogger("benchdl")


class Unfailing:
    """A watcher that passes everything on, and drops what the other one fails at.

    A job that trains is worth more than the telling of it: a full disk under a log, a closed pipe
    or a mistake in a notebook's own watcher must neither end it nor be taken for its failure. The
    first failure is logged, to the logger ``benchdl``; Ctrl-C passes through.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._told = False

    def say(self, line: str) -> None:
        """One line of notice."""
        self._try(lambda: self._watcher.say(line))

    @contextlib.contextmanager
    def download(self, name: str, size_bytes: int) -> Iterator[Advance]:
        """A file is downloaded."""
        shown = contextlib.ExitStack()
        advances: list[Advance] = []
        self._try(
            lambda: advances.append(shown.enter_context(self._watcher.download(name, size_bytes)))
        )
        try:
            yield lambda come: self._try(lambda: [advance(come) for advance in advances])
        finally:
            self._try(shown.close)

    def standing(self, standing: Standing) -> None:
        """How far the campaign is."""
        self._try(lambda: self._watcher.standing(standing))

    def job_started(self, job: Job, number: int, total: int) -> None:
        """A job starts."""
        self._try(lambda: self._watcher.job_started(job, number, total))

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """A progress line of the runner."""
        self._try(lambda: self._watcher.event(job, event))

    def job_ended(self, result: Result) -> None:
        """It is stored."""
        self._try(lambda: self._watcher.job_ended(result))

    def _try(self, tell: Callable[[], object]) -> None:
        try:
            tell()
        except (Exception, SystemExit) as problem:
            if not self._told:
                self._told = True
                with contextlib.suppress(Exception):  # the log may go where the display went
                    _LOG.warning("the display of the campaign failed, jobs go on: %r", problem)
