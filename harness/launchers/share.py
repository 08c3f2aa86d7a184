"""The share of the machine that a container gets: what was asked for, within what was allotted.

The engine starts a container outside of everything that holds for this process: affinity, control
groups, ``ulimit``. So each limit is passed on by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.launchers.launcher import Order

MEMORY_SHARE = 0.9
SHARED_MEMORY_BYTES = 2**30
"""Shared memory of a job that GPUs share: NCCL's "Troubleshooting" asks for 1 GiB, an engine
gives 64 MiB."""
_PAGE_BYTES = 4096
_NANO = 1_000_000_000


def can_choose(cores: Sequence[int], info: dict[str, Any]) -> bool:
    """Whether the engine of this ``/info`` can keep a container to these cores.

    Not one in a machine of its own, nor a rootless one without the controller.
    """
    numbered = max(cores, default=0) < int(info.get("NCPU") or 0)
    return numbered and bool(info.get("CPUSet", True))


def options(order: Order, info: dict[str, Any]) -> dict[str, Any]:
    """Options for ``containers.create`` on an engine with this ``/info``.

    Without a limit that was asked for, memory is 90 % of the machine or of what was allotted.
    """
    allotted = order.allotment
    there = min(info["MemTotal"], allotted.memory_bytes or info["MemTotal"])
    memory = order.memory_limit_bytes or int(there * MEMORY_SHARE)
    memory = max(memory - memory % _PAGE_BYTES, _PAGE_BYTES)  # as the kernel rounds it; 0 is none
    found: dict[str, Any] = {"mem_limit": memory, "memswap_limit": memory}
    if order.job.settings.strategy == "data-parallel":
        found["shm_size"] = SHARED_MEMORY_BYTES
    quota = allotted.quota_cores
    if allotted.cores is not None:
        if can_choose(allotted.cores, info):
            found["cpuset_cpus"] = ",".join(map(str, allotted.cores))
        else:
            quota = quota or len(allotted.cores)
    if quota is not None:
        found["nano_cpus"] = int(quota * _NANO)
    return found
