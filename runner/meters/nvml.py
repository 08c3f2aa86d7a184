"""NVML as both sides ask it, in jobs and on the host: what nvidia-ml-py3 7.352.0 has and lacks.

It lacks functions that NVML has had since, which are called through its own helper, and the names
of the throttle reasons; and it does not say which errors mean "this GPU has no such figure".
``nvml`` is the imported and initialised module ``pynvml`` everywhere.

Source: https://docs.nvidia.com/deploy/nvml-api/ and the constants of its header nvml.h
"""

from __future__ import annotations

from ctypes import byref, c_int, c_ulonglong
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Optional, TypeVar

T = TypeVar("T")

NOT_OFFERED: FrozenSet[int] = frozenset({2, 3, 4, 13, 25, 26})
"""Invalid argument (a MIG instance), not supported, no permission, function not found, other
version of the argument, deprecated: NVML works, the figure is not to be had."""

UNKNOWN_REASON = 1 << 52
"""Where the meter keeps NVML's bit 63, "unknown": a number of samples.csv is exact up to 2**53."""

IDLE = "idle"
THROTTLE_REASONS: Dict[int, str] = {
    0x1: IDLE,
    0x2: "applications clocks setting",
    0x4: "SW power cap",
    0x8: "HW slowdown",
    0x10: "sync boost",
    0x20: "SW thermal slowdown",
    0x40: "HW thermal slowdown",
    0x80: "HW power brake",
    0x100: "display clock setting",
    UNKNOWN_REASON: "unknown",
}


@dataclass(frozen=True)
class Device:
    """One GPU that NVML shows; ``index`` is NVML's, in the order of PCI addresses."""

    index: int
    uuid: str
    handle: Any


def devices(nvml: Any, only: Optional[List[str]] = None) -> Iterator[Device]:
    """The GPUs that NVML shows, or those of ``only``: indices or UUIDs.

    Raises:
        NVMLError: as every function of pynvml.
    """
    for index in range(int(nvml.nvmlDeviceGetCount())):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        uuid = text(nvml.nvmlDeviceGetUUID(handle))
        if not only or {str(index), uuid} & set(only):
            yield Device(index, uuid, handle)


def offered(nvml: Any, call: Callable[[], T]) -> Optional[T]:
    """The value, or None where this GPU, driver or user has no such figure (MIG, old).

    Raises:
        NVMLError: anything else is wrong: NVML or the GPU was lost.
    """
    try:
        return call()
    except nvml.NVMLError as error:
        if error.value in NOT_OFFERED:
            return None
        raise


def text(value: Any) -> str:
    """Text from what NVML returns: bytes in nvidia-ml-py3."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def cuda_version(nvml: Any) -> str:
    """The newest CUDA that the driver knows, such as ``12.4``.

    Raises:
        NVMLError: as every function of pynvml.
    """
    version = c_int()
    function = nvml._nvmlGetFunctionPointer("nvmlSystemGetCudaDriverVersion")
    nvml._nvmlCheckReturn(function(byref(version)))
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def total_energy_j(nvml: Any, handle: Any) -> float:
    """Energy since the driver was loaded (Volta and later); NVML counts in millijoules.

    Raises:
        NVMLError: as every function of pynvml.
    """
    function = nvml._nvmlGetFunctionPointer("nvmlDeviceGetTotalEnergyConsumption")
    millijoules = c_ulonglong()
    nvml._nvmlCheckReturn(function(handle, byref(millijoules)))
    return float(millijoules.value) / 1000


def compute_capability(nvml: Any, handle: Any) -> str:
    """The architecture, such as ``9.0``.

    Raises:
        NVMLError: as every function of pynvml.
    """
    function = nvml._nvmlGetFunctionPointer("nvmlDeviceGetCudaComputeCapability")
    major, minor = c_int(), c_int()
    nvml._nvmlCheckReturn(function(handle, byref(major), byref(minor)))
    return f"{major.value}.{minor.value}"


def throttle_mask(nvml: Any, handle: Any) -> int:
    """Why the clocks are below what they could be, now, as bits of :data:`THROTTLE_REASONS`.

    Raises:
        NVMLError: as every function of pynvml.
    """
    mask = int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
    return mask & (UNKNOWN_REASON - 1) | (UNKNOWN_REASON if mask >> 63 & 1 else 0)


def throttle_shares(masks: List[int]) -> Dict[str, float]:
    """For each reason that was seen, the share of the samples in which it was active."""
    counts = {name: sum(1 for m in masks if m & bit) for bit, name in THROTTLE_REASONS.items()}
    return {name: count / len(masks) for name, count in counts.items() if count}
