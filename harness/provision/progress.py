"""How far a download or a count is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from rich.console import Console

from harness import printable

Advance = Callable[[int], None]
"""Is told how many bytes or things have come, all in all."""

Bar = Callable[[str, int], AbstractContextManager[Advance]]
"""From the name of a file and its size in bytes (about: it is compressed), or of what is counted
and how many there are, to who is told."""


@contextlib.contextmanager
def silent(name: str, size_bytes: int) -> Iterator[Advance]:  # noqa: ARG001
    """Shows nothing."""
    yield _nobody


def _nobody(come: int) -> None:
    """Hears how many bytes have come."""


def counted(console: Console) -> Bar:
    """A bar of things that are counted, on this console, if it is a terminal."""

    @contextlib.contextmanager
    def bar(name: str, count: int) -> Iterator[Advance]:
        from rich import progress  # noqa: PLC0415 - few commands count

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
        )
        with progress.Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(printable.line(name), total=count)
            yield lambda done: shown.update(task, completed=done)

    return bar if console.is_terminal else silent


def on(console: Console) -> Bar:
    """A bar on this console, if it is a terminal."""

    @contextlib.contextmanager
    def bar(name: str, size_bytes: int) -> Iterator[Advance]:
        from rich import progress  # noqa: PLC0415 - few commands download

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
        )
        with progress.Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(name, total=size_bytes)
            yield lambda come: shown.update(task, completed=come)

    return bar if console.is_terminal else silent
