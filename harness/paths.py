"""Where benchdl finds its images and its runner, and where it keeps what it makes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from harness import files
from harness.errors import BenchdlError
from harness.named_paths import variable

_ROOT = "BENCHDL_ROOT"


def root() -> Path:
    """The folder that holds ``docker/`` and ``runner/``: the checkout, or ``$BENCHDL_ROOT``.

    Raises:
        BenchdlError: that folder has neither.
    """
    named = variable(_ROOT)
    # Absolute: programs that are started in other folders get it as well.
    chosen = named.absolute() if named else Path(__file__).resolve().parent.parent
    if not files.is_dir(chosen / "docker") or not files.is_dir(chosen / "runner"):
        raise BenchdlError(
            f"{chosen} holds no docker/ and runner/ folders",
            "install benchdl from its checkout (make setup) or set BENCHDL_ROOT to it",
        )
    return chosen


@contextlib.contextmanager
def rooted(folder: Path) -> Iterator[None]:
    """Within the body :func:`root` is ``folder``, also for programs that are started."""
    before = os.environ.get(_ROOT)
    os.environ[_ROOT] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_ROOT]
        else:
            os.environ[_ROOT] = before


def results_dir(given: Path | None = None) -> Path:
    """Where results are kept: ``given``, else ``$BENCHDL_RESULTS``, else ``results/`` here."""
    return given or variable("BENCHDL_RESULTS") or Path("results")
