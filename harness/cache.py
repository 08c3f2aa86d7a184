"""The user's cache: where it is, who may write there at a time, and what to do if none can."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from harness import files
from harness.errors import BenchdlError
from harness.named_paths import home, recordable, variable

_LOCK_WAIT_S = 900.0


def cache_dir() -> Path:
    """``$BENCHDL_CACHE``, else ``$XDG_CACHE_HOME/benchdl``, else ``~/.cache/benchdl``.

    Raises:
        BenchdlError: there is no home directory to derive it from.
    """
    own, shared = variable("BENCHDL_CACHE"), os.environ.get("XDG_CACHE_HOME")
    if own:
        return recordable(own.absolute(), "BENCHDL_CACHE")
    if shared and Path(shared).is_absolute():
        return Path(shared) / "benchdl"
    try:
        return home() / ".cache" / "benchdl"
    except RuntimeError:
        raise BenchdlError(
            "this user has no home directory for the cache",
            "set BENCHDL_CACHE to a directory that you can write to",
        ) from None


@contextlib.contextmanager
def storing(directory: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write below ``directory`` into advice.

    Raises:
        BenchdlError: disk full, no permission, read-only file system, or the like.
    """
    try:
        yield
    except OSError as error:
        if files.is_full(error):
            what, first = "the disk is full", "free some space there"
        else:
            what, first = error.strerror or str(error), "make it writable"
        raise BenchdlError(
            f"cannot write to the cache {directory} ({what})",
            f"{first}, or set BENCHDL_CACHE to a directory elsewhere",
        ) from None


@contextlib.contextmanager
def locked(directory: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Make ``directory`` and hold the lock beside it: one process at a time changes it.

    Raises:
        BenchdlError: it cannot be made or written, or another process held the lock too long.
    """
    with storing(directory):
        directory.mkdir(parents=True, exist_ok=True)
        # A container's user is not the owner and must be able to read, whatever the umask is.
        with contextlib.suppress(PermissionError):  # somebody else's directory is as they made it
            directory.chmod(0o755)
    with alone(directory, say, wait_s=_LOCK_WAIT_S):
        with storing(directory):
            for leftover in directory.glob(".*"):  # of a process that was killed while writing
                leftover.unlink()
        yield


@contextlib.contextmanager
def alone(
    directory: Path, say: Callable[[str], None], *, wait_s: float | None = None
) -> Iterator[None]:
    """Hold the lock beside ``directory``: one process at a time makes it. Its parent is made.

    Args:
        directory: what is made; it need not be there.
        say: is told when another process has to be waited for.
        wait_s: seconds to wait, for ever by default.

    Raises:
        BenchdlError: the lock cannot be made, or another process held it too long.
    """
    with storing(directory.parent):
        directory.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory.with_name(f"{directory.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"waiting for another benchdl that is filling {directory}")
            try:
                lock.acquire(timeout=-1 if wait_s is None else wait_s)
            except Timeout:
                raise BenchdlError(
                    f"another benchdl has been filling {directory} for {wait_s:.0f} s",
                    "wait for it or end it, then try again",
                ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def locked_if_possible(directory: Path, say: Callable[[str], None]) -> Iterator[None]:
    """As :func:`locked`, for what is right without a lock too: one that cannot be had is no end."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BenchdlError):
            stack.enter_context(locked(directory, say))
        yield
