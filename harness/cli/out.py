"""How verbs print: results to standard output, notices to standard error, and nothing raw.

tests/unit/test_printing.py holds every verb to it.
"""

from __future__ import annotations

from typing import IO, cast

from rich.console import Console

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


def json(text: str) -> None:
    """A JSON text, in ASCII."""
    streams.results().write(printable.json(text) + "\n")


def say(text: str) -> None:
    """One line of notice; one that cannot be written is dropped."""
    streams.notices().write(printable.line(text) + "\n")


def console() -> Console:
    """For a display: on standard error, since standard output is for results."""
    return Console(file=cast(IO[str], streams.terminal()), emoji=False)
