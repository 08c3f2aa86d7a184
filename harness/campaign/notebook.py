"""What a program or a notebook is told that wants to see nothing of a campaign's progress."""

from __future__ import annotations

import sys
import warnings

from harness import printable


def warn(line: str) -> None:
    """A :class:`RuntimeWarning` at the line of the caller's own program that called benchdl.

    Python shows one text once for each place, so that it must be his and not ours.
    """
    warnings.warn(printable.line(line), RuntimeWarning, stacklevel=_calls_within_benchdl())


def _calls_within_benchdl() -> int:
    frame, level = sys._getframe(1), 1
    ours = ("harness.", "benchdl.")
    while frame.f_back and str(frame.f_globals.get("__name__", "")).startswith(ours):
        frame, level = frame.f_back, level + 1
    return level
