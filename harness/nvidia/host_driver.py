"""What the host's NVIDIA driver shows, through NVML."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import pynvml

from runner.meters.nvml import Device, compute_capability, cuda_version, devices, offered, text


@dataclass(frozen=True)
class Gpu:
    """One GPU now; what NVML does not offer is None."""

    index: int
    uuid: str
    name: str
    compute_capability: str | None = None
    memory_total_bytes: int | None = None
    memory_used_bytes: int | None = None
    utilisation_percent: int | None = None
    processes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Driver:
    """The driver and its GPUs.

    Attributes:
        version, cuda: of the driver; the newest CUDA that it runs.
        gpus: as it shows them.
        problem: why there are none.
        installed: whether there is a driver at all.
    """

    version: str | None = None
    cuda: str | None = None
    gpus: list[Gpu] = field(default_factory=list)
    problem: str = ""
    installed: bool = True


def gpus() -> tuple[int, str]:
    """How many GPUs the host's driver shows, or 0 and why."""
    found = examine()
    return len(found.gpus), found.problem


def examine() -> Driver:
    """The driver's versions and every GPU's state. Never raises."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        installed = not isinstance(error, pynvml.NVMLError_LibraryNotFound)
        return Driver(problem=f"no NVIDIA driver answers ({error})", installed=installed)
    version = cuda = None
    try:
        version = text(pynvml.nvmlSystemGetDriverVersion())
        cuda = offered(pynvml, lambda: cuda_version(pynvml))
        found = [_gpu(device) for device in devices(pynvml)]
    except pynvml.NVMLError as error:
        return Driver(version, cuda, problem=f"NVML failed ({error})")
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return Driver(version, cuda, found, "" if found else "the NVIDIA driver shows no GPU")


def _gpu(device: Device) -> Gpu:
    handle = device.handle
    memory = offered(pynvml, lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    processes = offered(pynvml, lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle))
    return Gpu(
        index=device.index,
        uuid=device.uuid,
        name=text(pynvml.nvmlDeviceGetName(handle)),
        compute_capability=offered(pynvml, lambda: compute_capability(pynvml, handle)),
        memory_total_bytes=None if memory is None else int(memory.total),
        memory_used_bytes=None if memory is None else int(memory.used),
        utilisation_percent=offered(
            pynvml, lambda: int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        ),
        processes=[int(process.pid) for process in processes or []],
    )
