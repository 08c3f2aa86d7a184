"""Where benchdl finds its images and its runner, and where it keeps what it makes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from harness import files
from harness.errors import BenchdlError
from harness.named_paths import variable

CARRIED = "_root"
"""The folder of the installed package that is to it what a checkout is; setup.py fills it."""

_ROOT = "BENCHDL_ROOT"


def root() -> Path:
    """The folder that holds ``docker/``, ``docs/`` and ``runner/``.

    ``$BENCHDL_ROOT``, else what the installed package carries, else the checkout.

    Raises:
        BenchdlError: that folder lacks ``docker/`` or ``runner/``.
    """
    named = variable(_ROOT)
    # Absolute: programs that are started in other folders get it as well.
    chosen = named.absolute() if named else _own()
    if not files.is_dir(chosen / "docker") or not files.is_dir(chosen / "runner"):
        raise BenchdlError(
            f"{chosen} holds no docker/ and runner/ folders",
            f"set {_ROOT} to a checkout of benchdl" if named else "install benchdl again",
        )
    return chosen


def _own() -> Path:
    """Beside an installed package lies a folder docker/, which is that of the engine's client."""
    harness = Path(__file__).resolve().parent
    carried = harness / CARRIED
    return carried if files.is_dir(carried) else harness.parent


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
