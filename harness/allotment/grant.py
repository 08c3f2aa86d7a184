"""All that was allotted, as results record it."""

from __future__ import annotations

import os
import resource

import psutil

from harness.allotment import batch, core_grant, gpu_grant, own_cgroup
from runner.contract.result import Allotment


def read() -> Allotment:
    """What this process, and so its jobs, may use now."""
    sources: dict[str, str] = {}
    cores = core_grant.limit()
    if cores:
        sources["cores"] = cores.source
    memory = memory_limit(cores.count if cores else len(core_grant.own()))
    if memory:
        sources["memory_bytes"] = memory[1]
    gpus = gpu_grant.limit()
    if gpus:
        sources["gpus"] = gpus.source
    return Allotment(
        cores=core_grant.choose(cores.count) if cores else None,
        quota_cores=cores.quota if cores else None,
        memory_bytes=memory[0] if memory else None,
        gpus=gpus.gpus if gpus else None,
        sources=sources,
    )


def memory_limit(cores: int) -> tuple[int, str] | None:
    """The lowest limit on memory in bytes, and what says so; None: the machine's own."""
    found = []
    grouped = own_cgroup.memory_bytes()
    if grouped is not None:
        found.append((grouped, "memory limit of the control group"))
    stated = batch.memory_bytes(os.environ, cores)
    if stated is not None:
        found.append(stated)
    addresses, _ = resource.getrlimit(resource.RLIMIT_AS)
    if addresses != resource.RLIM_INFINITY:
        found.append((addresses, "ulimit -v"))
    total = int(psutil.virtual_memory().total)
    return min((bound for bound in found if bound[0] < total), default=None)


def words(allotted: Allotment) -> str:
    """What was allotted in one line; empty if the whole machine is."""
    parts = []
    if allotted.cores is not None:
        quota = f", {allotted.quota_cores:g} of their time" if allotted.quota_cores else ""
        count = len(allotted.cores)
        plural = "s" if count > 1 else ""
        parts.append(f"{count} core{plural}{quota} ({allotted.sources['cores']})")
    if allotted.memory_bytes is not None:
        source = allotted.sources["memory_bytes"]
        parts.append(f"{gib(allotted.memory_bytes)} GiB of memory ({source})")
    if allotted.gpus is not None:
        names = f"GPU {', '.join(allotted.gpus)}" if allotted.gpus else "no GPU"
        parts.append(f"{names} ({allotted.sources['gpus']})")
    return "; ".join(parts)


def gib(size_bytes: int) -> str:
    """A size in GiB, in three digits."""
    return f"{size_bytes / 2**30:.3g}"
