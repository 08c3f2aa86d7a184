"""Who started a process or container: the mark of the harness that every job carries.

A harness that was killed cannot remove what it started. The next one can, if it knows that the
starter is gone: the mark names its machine, the machine's start with the namespace of process
numbers, the process and its start.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Literal

CAMPAIGN_VARIABLE = "BENCHDL_CAMPAIGN"
HARNESS_VARIABLE = "BENCHDL_HARNESS"
"""In the environment of a local job."""

CAMPAIGN_LABEL = "benchdl.campaign"
HARNESS_LABEL = "benchdl.harness"
"""On a job's container."""

_PROC = Path("/proc")
_BEGIN = 19  # of the fields behind the name in /proc/PID/stat, which begins with the state


def own() -> str:
    """The mark of this process; asked anew each time, since a fork is another process."""
    return _mark(os.getpid(), _begin(os.getpid()))


def state(mark: str) -> Literal["dead", "alive", "elsewhere"]:
    """Whether the harness of this mark still runs; ``elsewhere``: another machine would know."""
    try:
        host, boot, pid, begin = mark.rsplit(":", 3)
        number = int(pid)
    except ValueError:
        return "elsewhere"
    if host != socket.gethostname():
        return "elsewhere"
    ours = _boot()
    machine, _, namespace = boot.partition(".")
    if machine != ours.partition(".")[0]:
        return "dead"  # the machine was started anew
    if namespace and boot != ours:
        return "elsewhere"  # in another container of this machine: its numbers are not ours
    # Process numbers are used again: it is the same one only if it began then.
    if begin and begin == _begin(number):
        return "alive"
    return "elsewhere" if _is_hidden(number) else "dead"


def _mark(pid: int, begin: str) -> str:
    return f"{socket.gethostname()}:{_boot()}:{pid}:{begin}"


def _boot() -> str:
    """The machine's start, and the namespace of process numbers; a sandbox may hide either."""
    boot = namespace = ""
    with contextlib.suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    with contextlib.suppress(OSError):
        namespace = str((_PROC / "self/ns/pid").stat().st_ino)
    return f"{boot}.{namespace}"


def _is_hidden(pid: int) -> bool:
    """Whether the process is there and only /proc does not show it to us (hidepid, proc(5))."""
    if (_PROC / str(pid)).exists():
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _begin(pid: int) -> str:
    """When the process began, in ticks since the machine's start (proc(5)); empty if it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return "" if len(fields) <= _BEGIN or fields[0] == "Z" else fields[_BEGIN]
