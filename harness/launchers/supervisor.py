"""The guardian of one local job: whatever the job starts ends with it, and it ends with benchdl.

    python -I -S supervisor.py COMMAND ...

Run by file, in a process of its own, with nothing but the standard library. Standard input is a
socket to the launcher. When something arrives on it the job is ended, politely first; when it is
closed, since the launcher let go or died, at once. At the end one line of JSON goes back: how the
command ended, in the numbering of ``subprocess``, or why it did not start.

The guardian is the reaper of its descendants (PR_SET_CHILD_SUBREAPER, prctl(2)): a process that
leaves its session or forks twice comes to it and not to the machine's first process, and so is
found. The command dies with its guardian (PR_SET_PDEATHSIG). No process of others is ever looked
at beyond the number of its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from types import FrameType
from typing import Any, NoReturn

GRACE_S = 5.0
"""From SIGTERM to SIGKILL."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_S = 0.02
_NOT_OURS = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def supervise(command: list[str], control: int) -> dict[str, object]:
    """Run ``command`` to its end, or until told on ``control``; leave no descendant behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before: dict[signal.Signals, Any] = {
        sign: signal.signal(sign, signal.SIG_IGN) for sign in _NOT_OURS
    }
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    terminated: list[int] = []

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if number == signal.SIGTERM:
            terminated.append(number)

    for sign in (signal.SIGCHLD, signal.SIGTERM):
        before[sign] = signal.signal(sign, heard)
    told, teller = os.pipe2(os.O_CLOEXEC)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, parent, libc, before, teller)
    os.close(teller)
    problem = _all_of(told)
    _let_go_of_the_output()
    status: int | None = None
    deadline: float | None = None
    try:
        while status is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select([wake, *([] if deadline else [control])], [], [], left)[0]
            if wake in ready:
                _drain(wake)
            status = _reaped(child)
            if status is None and deadline is None and (control in ready or terminated):
                politely = bool(terminated) or bool(os.read(control, 1))
                _signal_group(child, signal.SIGTERM if politely else signal.SIGKILL)
                deadline = time.monotonic() + GRACE_S
            elif deadline is not None and time.monotonic() >= deadline:
                _signal_group(child, signal.SIGKILL)
                deadline = time.monotonic() + GRACE_S
    finally:
        left_over = _end_descendants()
    if problem:
        return {"problem": problem}
    return {"code": os.waitstatus_to_exitcode(status or 0), "left": left_over}


def _become(
    command: list[str],
    parent: int,
    libc: ctypes.CDLL,
    before: dict[signal.Signals, Any],
    teller: int,
) -> NoReturn:
    """In the child: be the command, in a session of its own, for as long as the guardian lives."""
    try:
        os.setsid()
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:  # else it died before that was set
            for sign, handler in before.items():
                signal.signal(sign, handler)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.execvpe(command[0], command, os.environ)  # noqa: S606
    except OSError as error:
        os.write(teller, f"{error.strerror or error}".encode())
    finally:
        os._exit(127)


def _all_of(pipe: int) -> str:
    with os.fdopen(pipe, "rb") as stream:
        return stream.read().decode(errors="replace")


def _let_go_of_the_output() -> None:
    """So that its end is seen when the last process of the job has closed it."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _drain(pipe: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(pipe, 4096):
            pass


def _reaped(wanted: int) -> int | None:
    """Reap whoever ended; the status of ``wanted`` if that is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, how = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == wanted:
                status = how
    return status


def _signal_group(leader: int, sign: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, sign)


def _end_descendants() -> int:
    """Kill and reap children until there are none; returns how many could not be ended."""
    deadline = time.monotonic() + GRACE_S
    while True:
        _reaped(0)
        children = _children()
        if not children or time.monotonic() >= deadline:
            return len(children)
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _children() -> list[int]:
    """Processes whose parent is this one (field 4 of /proc/PID/stat, proc(5))."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes longer to import than this job
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                fields = file.read().rpartition(b")")[2].split()
                if int(fields[1]) == os.getpid():
                    found.append(int(name))
    return found


def main() -> int:
    """Run the command of the arguments."""
    control = os.dup(0)
    answer = supervise(sys.argv[1:], control)
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(control, json.dumps(answer).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
