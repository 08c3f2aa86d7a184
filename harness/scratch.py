"""Folders that one process uses and nobody keeps: gone at its end, or at the next start if it died.

Each holds a lock file, locked by its process. Whose lock can be had is abandoned: the kernel gives
a lock up with the process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import trees
from harness.errors import BenchdlError

_LOCK = "owner.lock"
_CONTENT = "content"


@contextlib.contextmanager
def folder(within: Path, prefix: str) -> Iterator[Path]:
    """An empty folder below ``within``; those of the same prefix whose process died are removed.

    Only folders of this user are looked at, and no link is followed.

    Args:
        within: an existing folder, perhaps one that others use as well, as /tmp.
        prefix: how its name begins; no other file's should.

    Raises:
        BenchdlError: it cannot be made.
    """
    clear(within, prefix)
    try:
        outer = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
        lock = os.open(outer / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (outer / _CONTENT).mkdir()
        except OSError:
            os.close(lock)
            raise
    except OSError as error:
        raise BenchdlError(
            f"cannot make a folder in {within}: {error.strerror or error}", "make room there"
        ) from None
    try:
        yield outer / _CONTENT
    finally:
        trees.remove(outer)
        os.close(lock)


def clear(within: Path, prefix: str) -> None:
    """Remove what processes that died left below ``within``."""
    with contextlib.suppress(OSError):
        for outer in sorted(within.iterdir()):
            if outer.name.startswith(prefix) and _is_abandoned(outer):
                trees.remove(outer)


def _is_abandoned(outer: Path) -> bool:
    """Whether it is a folder of ours whose lock nobody holds.

    One without a lock file was left in the moment between the two, or belongs to a process that is
    just there: it is left alone.
    """
    try:
        if outer.is_symlink() or outer.lstat().st_uid != os.getuid():
            return False
        lock = os.open(outer / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
