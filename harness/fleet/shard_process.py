"""The process of a shard: one at a time, and whatever ends it is written down."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from harness.campaign import one_job
from harness.errors import BenchdlError
from harness.fleet.allocation import Allocation
from harness.fleet.shard_files import End, ShardFolder

_LIMIT_IS_NEAR_S = 200.0
"""The engine tells 120 s before the limit, and looks at its jobs once a minute."""


class RefusedError(BenchdlError):
    """This host is not what the fleet asks for: no job was begun."""


@contextlib.contextmanager
def only_one(folder: ShardFolder) -> Iterator[None]:
    """Within the body no other process runs the shard, on any host that sees the folder.

    Raises:
        BenchdlError: one does. It writes its own end; nothing is written here.
    """
    lock = FileLock(folder.path / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BenchdlError(
            f"shard {folder.name} is being run by another process", "wait for it, or cancel it"
        ) from None
    except OSError as error:
        raise BenchdlError(f"cannot lock {folder.path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def ended(
    folder: ShardFolder,
    job_id: str,
    allotted: Allocation | None,
    kept: Callable[[], list[str]],
) -> Iterator[None]:
    """Whatever ends the body is written down, where that is still possible.

    Args:
        folder: of the shard.
        job_id: the engine's.
        allotted: what the engine gave, if there is one.
        kept: tells which runs the host has and the folder has not.
    """
    end = End(how="failed", at=one_job.now(), message="it ended without a word")
    try:
        yield
        end = End(how="done", at=one_job.now())
    except RefusedError as problem:
        end = _end("refused", problem)
        raise
    except BenchdlError as problem:
        end = _end("failed", problem)
        raise
    except KeyboardInterrupt:
        end = _stopped(allotted)
        raise
    finally:
        with contextlib.suppress(BenchdlError):
            end = end.model_copy(update={"kept": kept()})
        with contextlib.suppress(BenchdlError):
            folder.end(job_id, end.model_copy(update={"at": one_job.now()}))


def _stopped(allotted: Allocation | None) -> End:
    """Told to end by somebody, or by the engine ahead of the time limit."""
    limit = allotted.ends_at if allotted else None
    if limit is not None and limit - time.time() < _LIMIT_IS_NEAR_S:
        message = "its time limit was near"
        return End(how="out-of-time", at=one_job.now(), message=message)
    return End(how="interrupted", at=one_job.now(), message="it was told to end")


def _end(how: str, problem: BenchdlError) -> End:
    return End.model_validate(
        {"how": how, "at": one_job.now(), "message": problem.message, "advice": problem.advice}
    )
