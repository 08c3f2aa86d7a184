"""Who started a process or container: the mark of the harness that every job carries.

A harness that was killed cannot remove what it started. The next one can, if it knows that the
starter is gone: the mark names its machine, the machine's start, the process and its start.
"""

from __future__ import annotations

import contextlib
import functools
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


@functools.cache
def own() -> str:
    """The mark of this process."""
    return _mark(os.getpid(), _begin(os.getpid()))


def state(mark: str) -> Literal["dead", "alive", "elsewhere"]:
    """Whether the harness of this mark still runs; ``elsewhere``: another machine would know."""
    try:
        host, _, pid, begin = mark.rsplit(":", 3)
        number = int(pid)
    except ValueError:
        return "elsewhere"
    if host != socket.gethostname():
        return "elsewhere"
    # Process numbers are used again: it is the same one only if the machine and it began then.
    return "alive" if mark == _mark(number, _begin(number)) and begin else "dead"


def _mark(pid: int, begin: str) -> str:
    boot = ""
    with contextlib.suppress(OSError):  # a sandbox may hide it
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{socket.gethostname()}:{boot}:{pid}:{begin}"


def _begin(pid: int) -> str:
    """When the process began, in ticks since the machine's start (proc(5)); empty if it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return "" if fields[0] == "Z" else fields[19]
