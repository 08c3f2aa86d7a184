"""Who is told how a campaign goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from harness.campaign.outlook import Standing
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.contract.result import Result


class Watcher(Protocol):
    """Is told how a campaign goes on; progress displays implement it."""

    def say(self, line: str) -> None:
        """One line of notice."""

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[Advance]:
        """While the body runs, a file of about this size is downloaded."""

    def standing(self, standing: Standing) -> None:
        """How far the campaign is: before its first job and after each."""

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Job ``number`` of ``total`` starts."""

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """A progress line of the runner."""

    def job_ended(self, result: Result) -> None:
        """It ended, well or not, and is stored."""
