"""Where benchdl finds its images and its runner, and where it keeps what it makes."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import BenchdlError


def root() -> Path:
    """The folder that holds ``docker/`` and ``runner/``: the checkout, or ``$BENCHDL_ROOT``.

    Raises:
        BenchdlError: that folder has neither.
    """
    chosen = Path(os.environ.get("BENCHDL_ROOT") or Path(__file__).resolve().parent.parent)
    if not (chosen / "docker").is_dir() or not (chosen / "runner").is_dir():
        raise BenchdlError(
            f"{chosen} holds no docker/ and runner/ folders",
            "install benchdl from its checkout (make setup) or set BENCHDL_ROOT to it",
        )
    return chosen


def results_dir(given: Path | None = None) -> Path:
    """Where results are kept: ``given``, else ``$BENCHDL_RESULTS``, else ``results/`` here."""
    return given or Path(os.environ.get("BENCHDL_RESULTS") or "results")
