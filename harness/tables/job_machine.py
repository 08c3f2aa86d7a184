"""The machine of a run as tables name it: the host in words, and what only its job was short of.

The harness reads its own limits. An engine may set its containers others (a slice with a quota, a
cpuset of its own) or run them elsewhere (``DOCKER_HOST``): what the job saw then tells them apart.
"""

from __future__ import annotations

from runner.contract.host_type import HostType
from runner.contract.measurement import Measurement
from runner.contract.result import Result

_SAME_QUOTA = 0.99
"""An engine rounds a quota to whole microseconds of a period."""


def words(result: Result) -> str | None:
    """What tells the run's machine from others; None where no harness says."""
    launch, measured = result.launch, result.measurement
    if launch is None:
        return None
    less: list[str] = []
    if launch.host_type and measured:
        allotted = launch.allotment
        less = _less(launch.host_type, measured, allotted.cores_per_gpu if allotted else None)
    return f"{launch.machine} (its job: {', '.join(less)})" if less else launch.machine


def _less(host: HostType, measured: Measurement, per_gpu: int | None) -> list[str]:
    """Where the job saw another processor, fewer cores or a lower quota than the harness.

    Jobs whose GPUs came with cores (``per_gpu``) share lines whatever the number of their GPUs.
    """
    found = []
    cores, quota = measured.cpu.visible_cores, measured.cpu.quota_cores
    if measured.host.cpu_model != host.cpu_model:
        found.append(measured.host.cpu_model)
    if cores < host.cores:
        count = per_gpu or cores
        found.append(f"{count} core{'s' if count > 1 else ''}{' for each GPU' if per_gpu else ''}")
    # A quota of as many cores as there are takes nothing away.
    allowed = min(cores, host.quota_cores or cores)
    if quota is not None and quota < _SAME_QUOTA * allowed:
        found.append(f"quota {quota:g}")
    return found
