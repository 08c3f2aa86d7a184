"""A folder takes the place of another in one step: readers see all of the old or of the new."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from harness import files, interrupts
from harness.errors import BenchdlError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""linux/fcntl.h and linux/fs.h; rename(2)."""


def swap(made: Path, place: Path) -> None:
    """Put the folder ``made`` at ``place``; what was there is at ``made`` then.

    Args:
        made: a folder whose files are on the disk.
        place: nothing, or a folder of the same file system.

    Raises:
        BenchdlError: it cannot be done; ``place`` is as it was.
    """
    try:
        if not files.exists(place):
            made.rename(place)
        elif not _exchanged(made, place):
            _by_turns(made, place)
        files.sync(place.parent)
    except OSError as error:
        raise BenchdlError(
            f"cannot write {files.shown(place)}: {files.reason(error)}", "name another with -o"
        ) from None


def _exchanged(made: Path, place: Path) -> bool:
    """Whether the kernel exchanged the two, which not every file system can."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(made), os.fsencode(place)
    done: int = rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
    return done == 0


def _by_turns(made: Path, place: Path) -> None:
    """The same by three renames, with a moment between that no Ctrl-C falls into."""
    aside = made.with_name(f"{made.name}.earlier")
    with interrupts.held():
        place.rename(aside)
        try:
            made.rename(place)
        except OSError:
            aside.rename(place)
            raise
        aside.rename(made)
