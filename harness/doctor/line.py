"""One line of what ``benchdl doctor`` says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One thing examined; ``runs`` marks those of which one suffices to run anything at all."""

    ok: bool
    subject: str
    found: str
    fix: str = ""
    runs: bool = False
