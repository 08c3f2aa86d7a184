"""The folder that all hosts of a fleet see: writing there, and what is left of those who died."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from harness import files
from harness.errors import BenchdlError

_ABANDONED_S = 6 * 3600.0
"""A partial file is written to all the time: one that is so old has lost its writer, whatever the
clocks of the hosts say."""


@contextlib.contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write below ``folder`` into advice.

    Raises:
        BenchdlError: disk full, no permission, the server is away, or the like.
    """
    try:
        yield
    except OSError as error:
        full = files.is_full(error)
        what = "its disk is full" if full else error.strerror or str(error)
        raise BenchdlError(
            f"cannot write to the fleet's folder {folder}: {what}",
            ("make room there" if full else "make it writable")
            + ", or name another folder in the fleet file",
        ) from None


def sweep(folder: Path) -> None:
    """Remove partial files in ``folder`` whose writer was killed; what cannot be, stays."""
    for partial in folder.glob(".*.partial"):
        with contextlib.suppress(OSError):
            if time.time() - partial.stat().st_mtime > _ABANDONED_S:
                partial.unlink()
