"""What the host's NVIDIA driver shows, through NVML."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pynvml

T = TypeVar("T")


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
    """The driver and its GPUs; ``problem`` says why there are none."""

    version: str | None = None
    cuda: str | None = None
    gpus: list[Gpu] = field(default_factory=list)
    problem: str = ""


def gpus() -> tuple[int, str]:
    """How many GPUs the host's driver shows, or 0 and why."""
    found = examine()
    return len(found.gpus), found.problem


def examine() -> Driver:
    """The driver's versions and every GPU's state. Never raises."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return Driver(problem=f"no NVIDIA driver answers ({error})")
    version = cuda = None
    try:
        version = text(pynvml.nvmlSystemGetDriverVersion())
        cuda = _offered(_cuda_version)
        found = [_gpu(index) for index in range(int(pynvml.nvmlDeviceGetCount()))]
    except pynvml.NVMLError as error:
        return Driver(version, cuda, problem=f"NVML failed ({error})")
    finally:
        pynvml.nvmlShutdown()
    return Driver(version, cuda, found, "" if found else "the NVIDIA driver shows no GPU")


def _gpu(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = _offered(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    processes = _offered(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle))
    return Gpu(
        index=index,
        uuid=text(pynvml.nvmlDeviceGetUUID(handle)),
        name=text(pynvml.nvmlDeviceGetName(handle)),
        compute_capability=_offered(lambda: _compute_capability(handle)),
        memory_total_bytes=None if memory is None else int(memory.total),
        memory_used_bytes=None if memory is None else int(memory.used),
        utilisation_percent=_offered(lambda: int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
        processes=[int(process.pid) for process in processes or []],
    )


def _offered(call: Callable[[], T]) -> T | None:
    """The value, or None where this GPU, driver or user has no such figure."""
    try:
        return call()
    except (
        pynvml.NVMLError_NotSupported,
        pynvml.NVMLError_FunctionNotFound,
        pynvml.NVMLError_NoPermission,
    ):
        return None


def _compute_capability(handle: Any) -> str:
    """Not in nvidia-ml-py3; called through its helper."""
    major, minor = ctypes.c_int(), ctypes.c_int()
    call = pynvml._nvmlGetFunctionPointer("nvmlDeviceGetCudaComputeCapability")
    _check(call(handle, ctypes.byref(major), ctypes.byref(minor)))
    return f"{major.value}.{minor.value}"


def _cuda_version() -> str:
    """The newest CUDA that the driver knows; not in nvidia-ml-py3 either."""
    version = ctypes.c_int()
    _check(pynvml._nvmlGetFunctionPointer("nvmlSystemGetCudaDriverVersion")(ctypes.byref(version)))
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def _check(code: int) -> None:
    if code != pynvml.NVML_SUCCESS:
        raise pynvml.NVMLError(code)


def text(value: bytes | str) -> str:
    """Text from what NVML returns: bytes in nvidia-ml-py3."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
