"""The cores that were allotted: by affinity, by quota, or by a number that a batch system states.

A quota or a number names no cores. So many neighbouring ones are then chosen as are allotted, the
idlest of those that this process may use: a framework that sees all cores of a large host starts
threads for all of them, whatever it is allowed to use.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from harness.allotment import batch, own_cgroup

_LOOK_S = 0.2


@dataclass(frozen=True)
class Limit:
    """So many cores at the most, and what says so."""

    count: int
    source: str
    quota: float | None = None


def own() -> list[int]:
    """The cores that this process may run on, by number."""
    return sorted(os.sched_getaffinity(0))


def limit(environment: Mapping[str, str] = os.environ) -> Limit | None:
    """The lowest limit on the number of cores; None: the whole machine is ours."""
    here, all_ = len(own()), psutil.cpu_count(logical=True) or 1
    found = [Limit(here, "CPU affinity")] if here < all_ else []
    quota = own_cgroup.quota_cores()
    if quota is not None and quota < here:
        found.append(Limit(math.ceil(quota), "CPU quota of the control group", quota))
    stated = batch.cores(environment)
    if stated is not None and stated[0] < here:
        found.append(Limit(*stated))
    return min(
        found, default=None, key=lambda candidate: (candidate.count, candidate.quota is None)
    )


def count(environment: Mapping[str, str] = os.environ) -> int:
    """How many cores a job may use."""
    found = limit(environment)
    return found.count if found else len(own())


def choose(wanted: int) -> list[int]:
    """``wanted`` neighbouring cores of our own, the idlest over the next 0.2 s."""
    here = own()
    if wanted >= len(here):
        return here
    load = dict(enumerate(psutil.cpu_percent(interval=_LOOK_S, percpu=True)))
    windows = [here[start : start + wanted] for start in range(len(here) - wanted + 1)]
    # In steps of 10 %, so that on a quiet machine the first ones are taken every time.
    return min(windows, key=lambda window: round(sum(load.get(core, 0.0) for core in window) / 10))


@contextmanager
def only(cores: list[int] | None) -> Iterator[None]:
    """Within the body this thread, and so what it starts, runs on ``cores`` only; None: no change.

    Raises:
        OSError: these cores are not ours any more.
    """
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
