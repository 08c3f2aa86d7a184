"""Which processes on a GPU are not the job's: seen, counted and reported, never touched.

In a container older drivers give the host's process numbers, so that the job cannot find itself
among them: what was there before the framework was imported is foreign in any case, and of what
comes later one process is taken for the job's own. Newer ones (seen with 580) list only processes
of the container's PID namespace, by its numbers: others are then seen from the host alone, by
harness.launchers.neighbours.
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional, Set

from runner.meters.gpu_meter import GpuProcess, GpuReader

LOOK_S = 1.0
"""How often to look: it is the dearest of NVML's calls, and neighbours stay for long."""


def count_foreign(listed: List[GpuProcess], before: Set[int], own: Set[int]) -> int:
    """How many of the processes listed on one GPU are not the job's.

    ``before`` are those that were there before the job used a GPU, ``own`` the job's processes by
    this process's numbering, which is NVML's too only outside containers.
    """
    pids = {process.pid for process in listed}
    if pids & own:
        return len(pids - own)
    stayed = pids & before
    return len(stayed) + max(0, len(pids - stayed) - 1)


class GpuProcesses:
    """Looks at the processes of all GPUs, now and then. Make it before the job uses a GPU."""

    def __init__(self, gpus: GpuReader) -> None:
        self._gpus = gpus
        start = gpus.processes()
        self._before = [{process.pid for process in listed or []} for listed in start]
        self._next_look = 0.0
        self.at_start: List[Optional[Dict[str, Any]]] = [_summary(listed) for listed in start]

    def foreign(self, own: Set[int]) -> List[Optional[int]]:
        """Foreign processes on each GPU; ``None`` where it cannot be told or it is not yet time."""
        now = time.monotonic()
        if now < self._next_look:
            return [None] * len(self._before)
        self._next_look = now + LOOK_S
        counts: List[Optional[int]] = []
        for listed, before in zip(self._gpus.processes(), self._before):
            counts.append(None if listed is None else count_foreign(listed, before, own))
        return counts


def _summary(listed: Optional[List[GpuProcess]]) -> Optional[Dict[str, Any]]:
    """How many there are and the memory that they hold, where NVML tells."""
    if listed is None:
        return None
    known = [process.memory_bytes for process in listed if process.memory_bytes is not None]
    return {"processes": len(listed), "memory_bytes": sum(known) if known else None}
