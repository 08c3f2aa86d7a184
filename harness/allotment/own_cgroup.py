"""Limits of the control groups that this process is in, of both versions.

Source: "Memory Resource Controller" (memory.limit_in_bytes) and "Control Group v2" (memory.max) in
the kernel's manual; :mod:`runner.meters.cgroups` has the rest.
"""

from __future__ import annotations

from pathlib import Path

from runner.meters.cgroups import PROC, groups, numbers, quota_cores

__all__ = ["memory_bytes", "quota_cores"]

_UNLIMITED_BYTES = 2**60  # version 1 writes a number near 2**63 for "no limit"


def memory_bytes(proc: Path = PROC) -> int | None:
    """Bytes that the group may hold; None: no limit."""
    found: list[int] = []
    for group in groups("memory", proc):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = numbers(group / name, 1)
            if limit and 0 < limit[0] < _UNLIMITED_BYTES:
                found.append(limit[0])
    return min(found, default=None)
