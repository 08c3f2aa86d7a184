"""One line of what ``benchdl doctor`` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """``FIRST_USE`` is no fault: benchdl makes or fetches it when a run needs it."""

    OK = "ok"
    FIRST_USE = "first use"
    BROKEN = "broken"


@dataclass(frozen=True)
class Line:
    """One thing examined: its state, what was found, and the fix of what is broken."""

    state: State
    subject: str
    found: str
    fix: str = ""


def ok(subject: str, found: str) -> Line:
    """All is well, or nobody needs it here."""
    return Line(state=State.OK, subject=subject, found=found)


def first_use(subject: str, found: str) -> Line:
    """It is not here yet; the first run that needs it makes it."""
    return Line(state=State.FIRST_USE, subject=subject, found=found)


def broken(subject: str, found: str, fix: str) -> Line:
    """It does not work until somebody does something."""
    return Line(state=State.BROKEN, subject=subject, found=found, fix=fix)
