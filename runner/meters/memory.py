"""Reads what the job's process tree holds and has used: resident memory and CPU seconds.

Source: ``/proc/PID/stat`` and ``/proc/PID/statm`` through psutil; see proc_pid_stat(5).
"""

from __future__ import annotations

import time
from typing import List, NamedTuple, Optional, Set

import psutil

RESCAN_S = 1.0
"""How often new processes are looked for. Known ones are read every time."""

RESCAN_COST = 100
"""A scan walks every process of the host; it may take at most 1/100 of the time."""


class TreeUse(NamedTuple):
    """Cumulative CPU seconds and resident bytes now; ``None`` once the job has ended."""

    cpu_s: Optional[float]
    rss_bytes: Optional[int]


class ProcessTree:
    """A process and its descendants, one of them (the sampler) left out.

    CPU seconds include children that ended and were waited for (the kernel adds theirs to the
    parent). A process once seen stays a member when its parent ends. Not seen: a child that lived
    for less than a scan under a parent that ignores SIGCHLD. Resident bytes are the sum over
    processes, so pages that forked processes share count once for each.
    """

    def __init__(self, pid: int, exclude: int) -> None:
        self._root: Optional[psutil.Process]
        try:
            self._root = psutil.Process(pid)
        except psutil.Error:
            self._root = None
        self._exclude = exclude
        self._members: List[psutil.Process] = []
        self._next_scan = 0.0
        self._cpu_s = 0.0

    def alive(self) -> bool:
        """Whether the root process still runs (a zombie does not)."""
        try:
            return self._root is not None and (
                self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False

    def pids(self) -> Set[int]:
        """The processes of the tree as last seen."""
        return {process.pid for process in self._members}

    def read(self) -> TreeUse:
        """What the tree uses now. Reads parents before children.

        A child that ends between the two reads is then missed for one sample, not counted twice;
        the sum never falls, so the next sample heals it.
        """
        if time.monotonic() >= self._next_scan:
            self._scan()
        cpu_s, rss = 0.0, 0
        found = False
        for process in self._members:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    resident = process.memory_info().rss
            except psutil.Error:
                continue
            found = True
            cpu_s += times.user + times.system + times.children_user + times.children_system
            rss += resident
        if not found:
            return TreeUse(None, None)
        self._cpu_s = max(self._cpu_s, cpu_s)
        return TreeUse(self._cpu_s, rss)

    def _scan(self) -> None:
        started = time.monotonic()
        seen = [process for process in self._members if process.is_running()]
        if self._root is not None:
            try:
                fresh = [self._root, *self._root.children(recursive=True)]
            except psutil.Error:
                fresh = []
            known = set(seen)
            seen += [
                process
                for process in fresh
                if process not in known and process.pid != self._exclude
            ]
        self._members = seen
        now = time.monotonic()
        self._next_scan = now + max(RESCAN_S, RESCAN_COST * (now - started))
