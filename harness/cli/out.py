"""How verbs print: results to standard output, notices to standard error, and nothing raw.

tests/unit/test_printing.py holds every verb to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, cast

from rich.console import Console, RenderableType

from harness import printable
from harness.cli import streams


def line(text: str) -> None:
    """One line of results.

    Raises:
        BenchdlError: standard output cannot be written.
    """
    streams.results().write(printable.line(text, printable.LONGEST_CSV) + "\n")


def document(text: str) -> None:
    """A document, as it is: tables whose cells were made safe where the table was made."""
    streams.results().write(text)


def on_screen() -> bool:
    """Whether results are read on a terminal, and not by a file or a program."""
    return streams.results().isatty()


def width() -> int:
    """How many characters a line of results may have: the terminal's, or ``$COLUMNS``, or 80."""
    return _screen().width


def drawn(parts: Iterable[RenderableType]) -> None:
    """Tables and texts for people, whose texts were made safe where they were made.

    Raises:
        BenchdlError: standard output cannot be written.
    """
    screen = _screen()
    for part in parts:
        screen.print(part, markup=False, highlight=False, emoji=False)


def _screen() -> Console:
    return Console(file=cast(IO[str], streams.screen()), emoji=False)


def json(text: str) -> None:
    """A JSON text, in ASCII."""
    streams.results().write(printable.json(text) + "\n")


def say(text: str) -> None:
    """One line of notice; one that cannot be written is dropped."""
    streams.notices().write(printable.line(text) + "\n")


def console() -> Console:
    """For a display: on standard error, since standard output is for results."""
    return Console(file=cast(IO[str], streams.terminal()), emoji=False)
