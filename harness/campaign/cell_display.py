"""How a campaign is shown in a notebook's cell: one output that is updated, and no widgets."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console

from harness import files, printable
from harness.campaign.display import Display, job_name, picture
from harness.campaign.outlook import Standing
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.workloads import lookup

Update = Callable[[dict[str, str]], None]
"""Shows a MIME bundle in the place of the one before: ``text/html`` and ``text/plain``."""

_MOST_LINES = 200
_BETWEEN_S = 0.2
"""A notebook keeps every update that it is sent."""


class CellDisplay(Display):
    """A :class:`harness.campaign.watcher.Watcher` that keeps one output of a cell up to date.

    A line of numbers, a mark for each job, a bar of the running one's laps; below what was said.
    """

    def __init__(self, update: Update, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(Console(quiet=True))
        self._update, self._clock = update, clock
        self._drawn_at = -_BETWEEN_S
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._name, self._laps = "", 0
        self._running = ""
        self._share: float | None = None

    def _print(self, line: str) -> None:
        self._lines.append(printable.line(line))
        self._draw()

    def standing(self, standing: Standing) -> None:
        """Keep it, and show it."""
        self._standing = standing
        self._draw()

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[Advance]:
        """A bar of it."""
        return self._downloading(name, size_bytes)

    @contextlib.contextmanager
    def _downloading(self, name: str, size_bytes: int) -> Iterator[Advance]:
        def advance(come: int) -> None:
            self._running = f"{name}: {files.mib(come)} of about {files.mib(size_bytes)}"
            self._share = min(1.0, come / size_bytes) if size_bytes else None
            self._draw(hurried=False)

        advance(0)
        try:
            yield advance
        finally:
            self.close()

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Begin its bar."""
        self._name = f"[{number}/{total}] {job_name(job)}"
        self._laps = lookup.load(job.workload).laps(job.budget)
        self._state("starting", None)

    def _state(self, text: str, completed: int | None) -> None:
        self._running = f"{self._name}: {text}"
        self._share = completed / self._laps if completed and self._laps else None
        self._draw(hurried=completed is None)

    def close(self) -> None:
        """Nothing runs any more; what was said stays."""
        self._running, self._share = "", None
        self._draw()

    def _draw(self, *, hurried: bool = True) -> None:
        now = self._clock()
        if hurried or now - self._drawn_at >= _BETWEEN_S:
            self._drawn_at = now
            self._update({"text/html": self._html(), "text/plain": self._plain()})

    def _html(self) -> str:
        parts = []
        if self._standing is not None and self._standing.total > 1:
            parts.append(f"<pre>{_safe(picture(self._standing).plain)}</pre>")
        if self._running:
            value = "" if self._share is None else f' value="{self._share:.3f}"'
            words = _safe(self._running)
            parts.append(
                f'<p><progress max="1"{value} aria-label="{words}"></progress> {words}</p>'
            )
        if self._lines:
            parts.append(f"<pre>{_safe(chr(10).join(self._lines))}</pre>")
        return f"<div>{''.join(parts)}</div>"

    def _plain(self) -> str:
        return "\n".join(
            [*self._lines, *([printable.line(self._running)] if self._running else [])]
        )


def here() -> CellDisplay | None:
    """The display of the notebook's cell that runs; None where no notebook asks.

    IPython is asked only if the program has imported it; its terminal has no cells.
    """
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    handle = ipython.display.display({"text/plain": ""}, raw=True, display_id=True)
    return CellDisplay(lambda bundle: handle.update(bundle, raw=True))


def _safe(text: str) -> str:
    return html.escape(printable.document(text))
