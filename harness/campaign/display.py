"""How a campaign is shown, on standard error: live on a terminal, plain lines in a pipe."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeGuard

from rich.console import Console, Group, RenderableType
from rich.text import Text

from harness import printable, scores
from harness.campaign import notebook
from harness.campaign.outlook import Standing, State
from harness.campaign.plan import particulars
from harness.checks.verdict import verdict
from harness.notices import WARNING
from harness.provision import progress
from runner.contract.job import Job
from runner.contract.result import Result
from runner.workloads import lookup

if TYPE_CHECKING:  # only a terminal needs them
    from rich.live import Live
    from rich.progress import Progress, ProgressColumn, Task, TaskID


_ABSURD = 1e12
_MARKS: dict[State, tuple[str, str]] = {
    "done": ("●", "green"),
    "suspect": ("▲", "yellow"),
    "invalid": ("!", "red"),
    "failed": ("×", "red"),
    "running": ("▶", "cyan"),
    "left": ("·", "dim"),
}
_MOST_LINES = 12
_MOST_MARKS = 60


class Display:
    """A :class:`harness.campaign.watcher.Watcher` that writes to ``console``.

    On a terminal: the campaign with a mark for each job, and a bar of the running one's laps, which
    moves also in phases of unknown length. ``quiet``: only what changes the meaning of a number;
    ``verbose``: each phase of a job also in a pipe.
    """

    def __init__(self, console: Console, *, quiet: bool = False, verbose: bool = False) -> None:
        self._console = console
        self._silent, self._wordy = quiet, verbose
        self._live: Live | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._standing: Standing | None = None
        self._told = 0
        self._standing_since = 0.0

    def say(self, line: str) -> None:
        """One line of notice; wrapped at words on a terminal, and never in a pipe."""
        if not self._silent or line.startswith(WARNING):
            self._print(line)

    def _print(self, line: str) -> None:
        shown, pipe = printable.line(line), not self._console.is_terminal
        self._console.print(shown, markup=False, highlight=False, emoji=False, soft_wrap=pipe)

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[progress.Advance]:
        """A bar of it on a terminal."""
        return progress.on(Console(quiet=True) if self._silent else self._console)(name, size_bytes)

    def standing(self, standing: Standing) -> None:
        """Keep it for the live display; one line each time that a job ended and others wait."""
        self._standing, self._standing_since = standing, time.monotonic()
        if self._told < standing.ended < standing.total:
            self.say(f"    {standing}")
        self._told = standing.ended

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Announce the job; on a terminal, begin a bar of its laps."""
        name = f"[{number}/{total}] {job_name(job)}"
        laps = lookup.load(job.workload).laps(job.budget) or None
        if self._silent or not self._console.is_terminal:
            self.say(f"{name}: started, {job.budget} on {job.dataset}")
            return
        from rich import live  # noqa: PLC0415
        from rich import progress as bars  # noqa: PLC0415

        self._bar = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            moving_bar(),
            bars.TextColumn("{task.fields[state]}", markup=False),
            bars.TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task(
            printable.line(name), total=laps, state="starting", counted=False
        )
        self._live = live.Live(console=self._console, transient=True, get_renderable=self._picture)
        self._live.start()

    def _picture(self) -> RenderableType:
        """The running job's bar, below the campaign if that has more than one job."""
        bar = self._bar or Text()
        if self._standing is None or self._standing.total == 1:
            return bar
        passed = time.monotonic() - self._standing_since
        return Group(picture(self._standing, passed), bar)

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """A phase or a lap of the running job; an event that makes no sense is passed over.

        The runners of older images say "epoch" for a lap.
        """
        if event["event"] == "phase":
            self._state(f"{str(event.get('phase'))[:20]}", None)
        elif event["event"] in ("lap", "epoch"):
            number, loss, elapsed = (
                event.get(key) for key in (event["event"], "loss", "elapsed_s")
            )
            laps = lookup.load(job.workload).laps(job.budget)
            if not isinstance(number, int) or not 1 <= number <= laps:
                return
            if not _is_figure(loss) or not _is_figure(elapsed):
                return
            left = math.ceil(elapsed / number * (laps - number))
            word = "epoch" if job.budget.unit == "epochs" else "lap"
            text = f"{word} {number}/{laps}  loss {loss:.4f}  about {left} s left"
            self._state(text, number)

    def _state(self, text: str, completed: int | None) -> None:
        if self._bar is not None and self._task is not None:
            counted = completed is not None
            state = printable.line(text)
            self._bar.update(self._task, state=state, completed=completed, counted=counted)
        elif completed is not None or self._wordy:
            self.say(f"    {text}")

    def job_ended(self, result: Result) -> None:
        """The outcome on one line, its findings below."""
        self.close()
        status = verdict(result.status, result.findings)
        if self._silent and status == "ok":
            return
        reason = result.failure.reason if result.failure else ""
        said = "" if reason == status else f" {status}"  # nothing is said twice
        self._print(f"{result.job.backend}{said}: {_outcome(result)}  ({result.run_id})")
        for finding in result.findings:
            if finding.severity != "info" or not self._silent:
                told = f"{finding.severity} {finding.code}: {finding.evidence}. {finding.advice}"
                self._print(f"    {told}")

    def close(self) -> None:
        """End the live display, if there is one."""
        if self._live is not None:
            self._live.stop()
        self._live = self._bar = self._task = None


def moving_bar() -> ProgressColumn:
    """A bar of what is counted; of a phase of unknown length one that moves."""
    from rich import progress as bars  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415

    class Moving(bars.BarColumn):
        def render(self, task: Task) -> ProgressBar:
            bar = super().render(task)
            bar.pulse = not task.fields["counted"]
            return bar

    return Moving(bar_width=24)


class _Quiet(Display):
    """Shows nothing; what changes the meaning of a number becomes a warning of Python's."""

    def __init__(self) -> None:
        super().__init__(Console(quiet=True))

    def say(self, line: str) -> None:
        if line.startswith(WARNING):
            notebook.warn(line.removeprefix(WARNING))

    def job_ended(self, result: Result) -> None:
        status = verdict(result.status, result.findings)
        if status == "ok":
            return
        grave = [finding for finding in result.findings if finding.severity != "info"]
        why = "; ".join(f"{finding.code}: {finding.evidence}" for finding in grave)
        if status not in ("suspect", "invalid"):
            why = _outcome(result)
        notebook.warn(f"{result.job.backend} {status}: {why} ({result.run_id})")


def quiet() -> Display:
    """A watcher for programs and notebooks: it writes nothing.

    What changes the meaning of a number is a warning of Python's (:class:`RuntimeWarning`): that
    other data was taken than was meant, and that a result is suspect, invalid or failed.
    """
    return _Quiet()


def _outcome(result: Result) -> str:
    """In words: time and score, or why there are none."""
    measured, failure = result.measurement, result.failure
    if measured is not None:
        return f"{measured.phases.fit_s:.1f} s, {scores.words(measured.score)}"
    if failure is None:
        return "no measurement"
    advice = f": {failure.advice}" if failure.advice else ""
    return f"{failure.reason}: {failure.message}{advice}"


def job_name(job: Job) -> str:
    """What tells this job from others of its campaign."""
    words = [job.backend if job.variant == "default" else f"{job.backend} {job.variant}"]
    words[0] += " tuned" if job.settings.mode == "tuned" else ""
    asked = particulars(job.settings.precision, job.threads, job.batch_size)
    words += [job.device, *asked]
    words += [job.launcher, *([f"attempt {job.attempt}"] if job.attempt > 1 else [])]
    return ", ".join(words)


def picture(standing: Standing, passed_s: float = 0.0) -> Text:
    """A line of numbers, then one for each configuration with a mark for each of its jobs.

    ``passed_s`` is how long ago ``standing`` was taken.
    """
    left_s = standing.left_s
    if left_s is not None:
        standing = Standing(standing.states, max(0.0, left_s - passed_s))
    text = Text(str(standing))
    named = [
        (printable.line(configuration, 80), states)
        for configuration, states in standing.states.items()
    ]
    width = max(len(name) for name, _ in named)
    for number, (name, states) in enumerate(named):
        if number == _MOST_LINES:
            text.append(f"\n  ... and {len(standing.states) - number} more", "dim")
            break
        text.append(f"\n  {name.ljust(width)}  ")
        for state in states[:_MOST_MARKS]:
            text.append(*_MARKS[state])
        text.append(" ..." if len(states) > _MOST_MARKS else "")
    return text


def _is_figure(value: object) -> TypeGuard[float]:
    """Whether a value from inside a job can be shown and reckoned with."""
    return isinstance(value, (int, float)) and abs(value) < _ABSURD
