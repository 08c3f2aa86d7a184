"""The processes of a job of several ranks, one each, as ``torchrun`` starts them.

Rank 0 is the trainer itself, which has the way to the judge. The others are its children: they are
in its process tree, where the sampler sees them, and end with it. They do what rank 0 is told.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Callable, List, Optional, Tuple

from runner.backends.base import LostRankError
from runner.contract import signals

GRACE_S = 10.0
"""How long a lost rank may go unnoticed by the tool, whose other ranks wait for it."""

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

Serve = Callable[[int, Connection], None]
"""What a rank (from 1) does until there is nothing more to be told."""


class RankProcesses:
    """Ranks 1 to ``count`` - 1, forked before anything heavy is imported.

    What a rank writes on its standard error goes on to the job's, with its number before it.
    ``end`` ends the job where a rank is gone and the tool still waits for it.
    """

    def __init__(self, count: int, serve: Serve, end: Callable[[Exception], None]) -> None:
        self._count, self._end = count, end
        self._lost: Optional[LostRankError] = None
        started = [_start(rank, serve) for rank in range(1, count)]
        self._ends = [own for own, _, _ in started]
        # After all forks: those copy no thread.
        for rank, (_, pid, errors) in enumerate(started, 1):
            threading.Thread(target=self._watch, args=(rank, pid, errors), daemon=True).start()

    def tell(self, name: str, *arguments: Any) -> None:
        """Have every other rank do it.

        Raises:
            LostRankError: one is gone.
        """
        order = pickle.dumps((name, arguments), protocol=5)  # once for all: data is large
        for end in self._ends:
            try:
                end.send_bytes(order)
            except OSError:
                raise self.explained() or LostRankError("a rank is gone") from None

    def answers(self) -> List[Any]:
        """What the other ranks made of it, in their order.

        Raises:
            LostRankError: one is gone.
        """
        found = []
        for end in self._ends:
            try:
                found.append(end.recv())
            except (EOFError, OSError):
                raise self.explained() or LostRankError("a rank is gone") from None
        return found

    def explained(self) -> Optional[LostRankError]:
        """The rank that was lost, if one was or is within a moment: why a tool complains."""
        deadline = time.monotonic() + GRACE_S / 2
        while self._lost is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self._lost

    def _watch(self, rank: int, pid: int, errors: int) -> None:
        """Pass on what a rank writes; no rank ends before its job does."""
        last = ""
        with os.fdopen(errors, "r", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.strip() and not line[0].isspace() and "Warning: " not in line:
                    last = line.strip()  # a warning, and the line of code below it, end nobody
                sys.stderr.write(f"[rank {rank}] {line.rstrip()}\n")
        _, status = os.waitpid(pid, 0)
        how = signals.ended_by(os.WTERMSIG(status)) if os.WIFSIGNALED(status) else "by itself"
        words = f"rank {rank} of {self._count} ended {how}" + (f": {last[:300]}" if last else "")
        self._lost = self._lost or LostRankError(words)
        time.sleep(GRACE_S)
        self._end(self._lost)


def serve(orders: Connection, does: Callable[..., Any]) -> None:
    """Do what rank 0 tells, one after the other, and answer with what came of it."""
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            name, arguments = pickle.loads(orders.recv_bytes())  # noqa: S301 - of rank 0 alone
            orders.send(does(name, *arguments))


def _start(rank: int, serve: Serve) -> Tuple[Connection, int, int]:
    """Our end of the way to the rank, its pid, and where its standard error is read."""
    own, theirs = Pipe()
    errors_read, errors_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        own.close()
        os.dup2(errors_write, 2)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)  # wherever it went before
        _serve(rank, parent, theirs, serve)
    theirs.close()
    os.close(errors_write)
    return own, pid, errors_read


def _serve(rank: int, parent: int, orders: Connection, serve: Serve) -> None:
    """A child's whole life."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:
            serve(rank, orders)
            code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
