"""One run of pytest in a process that was forked for it, in a copy of the checkout.

The copy's modules are imported anew in each process; what they import of others' is there already,
so that a run costs a fraction of a second.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

Outcome = Literal["killed", "survived", "timeout"]

_OTHERS = (
    "click", "coverage", "docker", "filelock", "hypothesis", "jinja2", "numpy", "packaging",
    "psutil", "pydantic", "pynvml", "rich.progress", "scipy.stats", "scipy.special",
)  # fmt: skip
_POLL_S = 0.003
_ELSEWHERE = ("docker", "browser", "gpu", "slow", "alone")


def preload() -> None:
    """Import what modules and tests import of others'."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # threads do not outlive a fork
    for name in _OTHERS:
        importlib.import_module(name)
    if importlib.util.find_spec("ruptures"):  # not for every Python; it takes longer than its tests
        importlib.import_module("ruptures")


def in_child(work: Callable[[], int], *, cpu_s: int, wall_s: float) -> int | None:
    """What ``work`` returns in a process of its own; None if it ran past a limit.

    Args:
        work: becomes the whole of the process.
        cpu_s: processor time that it may take: other load on the machine does not count.
        wall_s: time that it may take.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
            code = work()
        finally:
            os._exit(code)
    deadline = time.monotonic() + wall_s
    try:
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return None
            time.sleep(_POLL_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what a test has left behind
    if os.WIFSIGNALED(status):
        return None if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else 1
    return os.WEXITSTATUS(status)


def run_tests(files: list[str], root: Path, *plugins: Any) -> int:
    """Pytest's exit code for some files of the copy ``root``; only for a process of its own."""
    os.chdir(root)
    os.environ |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PWD": str(root)}
    os.environ["DOCKER_HOST"] = "unix:///nonexistent"
    sys.path[:0] = [str(root)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    options = ["-x", "-q", "--capture=no", "-p", "no:cacheprovider", "--rootdir", str(root)]
    temporary = ["--basetemp", str(root.parent / "temporary")]
    without = ["-m", " and ".join(f"not {mark}" for mark in _ELSEWHERE)]
    return int(pytest.main([*options, *temporary, *without, *files], plugins=list(plugins)))
