"""How a campaign is shown, on standard error: live on a terminal, plain lines in a pipe."""

from __future__ import annotations

import math
import time
from typing import Any, TypeGuard

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from harness import checks
from runner.contract import Job, Result


def quiet() -> Display:
    """A watcher that shows nothing, for programs and notebooks."""
    return Display(Console(quiet=True))


_ABSURD = 1e12


class Display:
    """A :class:`harness.campaign.Watcher` that writes to ``console``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Progress | None = None
        self._task: TaskID | None = None
        self._started = 0.0

    def say(self, line: str) -> None:
        """One line of notice, never wrapped in a pipe."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Announce the job; on a terminal, begin a bar of its epochs."""
        variant = "" if job.variant == "default" else f" {job.variant}"
        name = f"[{number}/{total}] {job.backend}{variant}, {job.device}, {job.launcher}"
        self._started = time.monotonic()
        if not self._console.is_terminal:
            epochs = f"{job.epochs} epoch{'s' if job.epochs > 1 else ''}"
            self.say(f"{name}: started, {epochs} on {job.dataset}")
            return
        self._live = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._live.start()
        self._task = self._live.add_task(name, total=job.epochs, state="starting")

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """A phase or an epoch of the running job; an event that makes no sense is passed over."""
        if event["event"] == "phase":
            self._state(f"{str(event.get('phase'))[:20]}", None)
        elif event["event"] == "epoch":
            number, loss, elapsed = (event.get(key) for key in ("epoch", "loss", "elapsed_s"))
            if not isinstance(number, int) or not 1 <= number <= job.epochs:
                return
            if not _is_figure(loss) or not _is_figure(elapsed):
                return
            left = math.ceil(elapsed / number * (job.epochs - number))
            text = f"epoch {number}/{job.epochs}  loss {loss:.4f}  about {left} s left"
            self._state(text, number)

    def _state(self, text: str, completed: int | None) -> None:
        if self._live is not None and self._task is not None:
            self._live.update(self._task, state=text, completed=completed)
        elif completed is not None:
            self.say(f"    {text}")

    def job_ended(self, result: Result) -> None:
        """The outcome on one line, its findings below."""
        self.close()
        job, measured = result.job, result.measurement
        status = checks.verdict(result.status, result.findings)
        if measured is not None:
            rate = measured.learning.error_rate
            outcome = f"{measured.phases.fit_s:.1f} s, error rate {rate:.2%}"
        elif result.failure is not None:
            outcome = f"{result.failure.reason}: {result.failure.message}"
            outcome += f": {result.failure.advice}" if result.failure.advice else ""
        else:
            outcome = "no measurement"
        self.say(f"{job.backend} {status}: {outcome}  ({result.run_id})")
        for finding in result.findings:
            self.say(f"    {finding.severity} {finding.code}: {finding.evidence}. {finding.advice}")

    def close(self) -> None:
        """End the live display, if there is one."""
        if self._live is not None:
            self._live.stop()
        self._live = self._task = None


def _is_figure(value: object) -> TypeGuard[float]:
    """Whether a value from inside a job can be shown and reckoned with."""
    return isinstance(value, (int, float)) and abs(value) < _ABSURD
