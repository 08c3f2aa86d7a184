"""A new file that is there whole or not at all; what a kill leaves of one goes with the next."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from harness.bundle.archive import ArchiveError
from harness.errors import BenchdlError
from harness.files import sync


@contextmanager
def placed(file: Path) -> Iterator[BinaryIO]:
    """A hidden file beside ``file`` that takes its place when the body is through.

    Its process holds a lock on it. One that nobody holds is of a process that was killed: the next
    that writes the same file removes it.

    Raises:
        BenchdlError: it cannot be written, or something cannot be put into a bundle.
    """
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")
    try:
        _clear(file)
        with partial.open("xb+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            partial.replace(file)
        sync(file.parent)
    except ArchiveError as error:
        raise BenchdlError(str(error), "rename it") from None
    except OSError as error:
        raise BenchdlError(
            f"cannot write {file}: {error.strerror or error}",
            "make room there, or name another place with -o",
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _clear(file: Path) -> None:
    """Remove what killed processes left of this file."""
    for left in file.parent.iterdir():
        if not (left.name.startswith(f".{file.name}.") and left.name.endswith(".partial")):
            continue
        with suppress(OSError):
            handle = os.open(left, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()
            finally:
                os.close(handle)
