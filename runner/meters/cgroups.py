"""The control groups that a process is in, of both versions: limits, and how often they held it up.

A limit of any group above counts as well, as far up as this process can see: in a container that
is its own group. Sources: "Control Group v2" (cpu.max, cpu.stat) and "CFS Bandwidth Control"
(cpu.cfs_quota_us, cpu.stat) in the kernel's manual; cgroups(7) and proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

PROC = Path("/proc/self")

_SECONDS = {"throttled_usec": 1e-6, "throttled_time": 1e-9}


class Throttling(NamedTuple):
    """Since the groups were made: periods in which they ran, in which they were stopped because
    their quota was spent, and for how many seconds, summed over cores. ``None`` is not known."""

    periods: Optional[int] = None
    throttled_periods: Optional[int] = None
    throttled_s: Optional[float] = None


def quota_cores(proc: Path = PROC) -> Optional[float]:
    """Seconds of CPU time a second that the group may use; None: no limit."""
    found: List[float] = []
    for group in groups("cpu", proc):
        quota, period = numbers(group / "cpu.max", 2) or (
            *(numbers(group / "cpu.cfs_quota_us", 1) or (None,)),
            *(numbers(group / "cpu.cfs_period_us", 1) or (None,)),
        )
        if quota and period and quota > 0:
            found.append(quota / period)
    return min(found, default=None)


class ThrottleReader:
    """Reads the counters of this process's groups, those above included: each stops it."""

    def __init__(self, proc: Path = PROC) -> None:
        files = [group / "cpu.stat" for group in groups("cpu", proc)]
        self._files = [file for file in files if "nr_throttled" in _stat(file)]

    def read(self) -> Throttling:
        """The counters now, summed over the groups."""
        if not self._files:
            return Throttling()
        found = [_stat(file) for file in self._files]
        return Throttling(
            periods=sum(stat.get("nr_periods", 0) for stat in found),
            throttled_periods=sum(stat.get("nr_throttled", 0) for stat in found),
            throttled_s=sum(
                stat.get(name, 0) * unit for stat in found for name, unit in _SECONDS.items()
            ),
        )


def groups(controller: str, proc: Path = PROC) -> Iterator[Path]:
    """The folders of this process's group and of those above it, of whichever version."""
    for version, place, root in _mounts(controller, proc):
        path = _path(controller if version == 1 else "", proc)
        if path is None:
            continue
        # A group outside of what is mounted here cannot be seen; the mount itself is the nearest.
        inside = path.is_relative_to(root) and ".." not in path.parts
        here = place / (path.relative_to(root) if inside else "")
        yield here
        yield from (folder for folder in here.parents if folder.is_relative_to(place))


def _mounts(controller: str, proc: Path) -> Iterator[Tuple[int, Path, Path]]:
    """Version, mount point and root of each hierarchy that may hold the controller."""
    for line in _read(proc / "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        if kind[0] == "cgroup2" or controller in kind[2].split(","):
            root, place = (Path(_unescaped(text)) for text in fields[3:5])
            yield (2 if kind[0] == "cgroup2" else 1), place, root


def _path(controller: str, proc: Path) -> Optional[Path]:
    """This process's group in the hierarchy of a controller; "" is that of version 2."""
    for line in _read(proc / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if path and (controller in names.split(",") if controller else not names):
            return Path(path)
    return None


def numbers(file: Path, count: int) -> Optional[Tuple[int, ...]]:
    """The whole numbers of a file; None if it has others, as ``max``, or cannot be read."""
    words = _read(file).split()[:count]
    if len(words) < count or not all(re.fullmatch(r"-?\d{1,20}", word) for word in words):
        return None
    return tuple(int(word) for word in words)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), text)


def _stat(file: Path) -> Dict[str, int]:
    lines = [line.split() for line in _read(file).splitlines()]
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}
