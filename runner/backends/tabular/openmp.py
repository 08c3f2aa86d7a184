"""The threads of tools that compute with OpenMP: how many are asked for, and how many there are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List

from runner import libraries
from runner.contract.job import Job

_TASKS = Path("/proc/self/task")
_RUNTIMES = ("libgomp", "libomp", "libiomp5")


def configure(job: Job) -> None:
    """A number of threads that the job asks for, in the variable that OpenMP reads at its start."""
    if job.threads:
        os.environ["OMP_NUM_THREADS"] = str(job.threads)


def alive() -> int:
    """Threads of this process, by the kernel's word (proc(5))."""
    return len(os.listdir(_TASKS))  # noqa: PTH208 - their names are never looked at


def team(before: int) -> int:
    """Threads that computed in OpenMP's last regions, if there were ``before`` ahead of the first.

    GNU's OpenMP keeps the threads of a team for the next region; the one that called is the first.
    """
    return 1 + max(0, alive() - before)


def runtimes() -> List[str]:
    """The files of OpenMP that are mapped into this process."""
    return sorted(name for name in libraries.mapped() if name.startswith(_RUNTIMES))
