"""Reads how long each core has been busy, from the kernel's counters (Linux ``/proc/stat``).

Units: seconds since boot, in steps of one clock tick (1/100 s on every usual kernel).
Source: proc_stat(5), https://man7.org/linux/man-pages/man5/proc_stat.5.html
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

PROC_STAT = Path("/proc/stat")

# Fields of a "cpuN" line after the name. `user` and `nice` already hold guest time.
_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL = 0, 1, 2, 5, 6, 7
_BUSY_FIELDS = (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ)


class CoreTimes(NamedTuple):
    """Cumulative seconds: busy per core (``None``: core not listed), stolen over all of them."""

    busy_s: List[Optional[float]]
    steal_s: Optional[float]


def visible_cores(pid: int) -> List[int]:
    """Numbers of the cores on which a process may run, ascending.

    A container's CPU set shows here; a CPU quota (``docker run --cpus``) does not, since it
    limits time and not cores. Empty where the system cannot tell (not Linux, process gone).
    """
    try:
        return sorted(os.sched_getaffinity(pid))
    except (AttributeError, OSError):
        return []


class CpuReader:
    """Reads the counters of the given cores, always in the same order."""

    def __init__(self, cores: Sequence[int], path: Path = PROC_STAT) -> None:
        self.cores = list(cores)
        self._path = path
        self._tick_s = 1.0 / os.sysconf("SC_CLK_TCK")

    def read(self) -> CoreTimes:
        """The counters now; all ``None`` where ``/proc/stat`` cannot be read.

        Busy is everything but idle, waiting for I/O and stolen: a core whose time the hypervisor
        gave to another machine did not work for this one, so ``steal_s`` stands apart.
        """
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return CoreTimes([None] * len(self.cores), None)
        ticks: Dict[str, List[str]] = {}
        for line in lines:
            if not line.startswith("cpu"):
                break
            name, *fields = line.split()
            ticks[name] = fields
        busy: List[Optional[float]] = []
        steal = 0.0
        for core in self.cores:
            counts = ticks.get(f"cpu{core}")
            if counts is None or len(counts) <= _STEAL:
                busy.append(None)
                continue
            busy.append(sum(int(counts[field]) for field in _BUSY_FIELDS) * self._tick_s)
            steal += int(counts[_STEAL]) * self._tick_s
        return CoreTimes(busy, steal)
