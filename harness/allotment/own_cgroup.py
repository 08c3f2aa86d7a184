"""Limits of the control groups that this process is in, of both versions.

A limit of any group above counts as well, as far up as this process can see: in a container that
is its own group. Sources: "Control Group v2" (cpu.max, memory.max), "CFS Bandwidth Control"
(cpu.cfs_quota_us) and "Memory Resource Controller" (memory.limit_in_bytes) in the kernel's manual;
cgroups(7) and proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc/self")
_UNLIMITED_BYTES = 2**60  # version 1 writes a number near 2**63 for "no limit"


def quota_cores(proc: Path = _PROC) -> float | None:
    """Seconds of CPU time a second that the group may use; None: no limit."""
    found: list[float] = []
    for group in _groups("cpu", proc):
        quota, period = _numbers(group / "cpu.max", 2) or (
            *(_numbers(group / "cpu.cfs_quota_us", 1) or (None,)),
            *(_numbers(group / "cpu.cfs_period_us", 1) or (None,)),
        )
        if quota and period and quota > 0:
            found.append(quota / period)
    return min(found, default=None)


def memory_bytes(proc: Path = _PROC) -> int | None:
    """Bytes that the group may hold; None: no limit."""
    found: list[int] = []
    for group in _groups("memory", proc):
        for name in ("memory.max", "memory.limit_in_bytes"):
            numbers = _numbers(group / name, 1)
            if numbers and 0 < numbers[0] < _UNLIMITED_BYTES:
                found.append(numbers[0])
    return min(found, default=None)


def _groups(controller: str, proc: Path) -> Iterator[Path]:
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


def _mounts(controller: str, proc: Path) -> Iterator[tuple[int, Path, Path]]:
    """Version, mount point and root of each hierarchy that may hold the controller."""
    for line in _read(proc / "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        if kind[0] == "cgroup2" or controller in kind[2].split(","):
            root, place = (Path(_unescaped(text)) for text in fields[3:5])
            yield (2 if kind[0] == "cgroup2" else 1), place, root


def _path(controller: str, proc: Path) -> Path | None:
    """This process's group in the hierarchy of a controller; "" is that of version 2."""
    for line in _read(proc / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if path and (controller in names.split(",") if controller else not names):
            return Path(path)
    return None


def _numbers(file: Path, count: int) -> tuple[int, ...] | None:
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
