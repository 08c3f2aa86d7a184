"""Reads the GPUs through NVIDIA's management library, NVML (package nvidia-ml-py3).

No driver, no device and a lost device are states with a reason, not errors: see
:class:`GpuFacts`. A figure that NVML does not offer is ``None``; zero is zero.
Source: https://docs.nvidia.com/deploy/nvml-api/
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, replace
from typing import Any, Callable, List, NamedTuple, Optional, TypeVar

from typing_extensions import Protocol

from runner.meters.gpu_periods import PeriodReader
from runner.meters.nvml import (
    Device,
    compute_capability,
    devices,
    offered,
    text,
    throttle_mask,
    total_energy_j,
)

T = TypeVar("T")


class GpuReading(NamedTuple):
    """One GPU now. The names of the fields are the ends of the column names of samples.csv.

    ``util_percent``: share of NVML's last sample period (1/6 to 1 s) in which a kernel ran.
    ``memory_bytes``: taken by all processes, and by the driver itself. ``energy_j``: a counter.
    ``throttle_mask``: bits of :data:`runner.meters.nvml.THROTTLE_REASONS`. ``period_...``: see
    :mod:`runner.meters.gpu_periods`.
    """

    util_percent: Optional[float] = None
    memory_bytes: Optional[int] = None
    power_w: Optional[float] = None
    temperature_c: Optional[float] = None
    sm_clock_mhz: Optional[float] = None
    energy_j: Optional[float] = None
    throttle_mask: Optional[int] = None
    period_end_s: Optional[float] = None
    period_percent: Optional[float] = None


class GpuProcess(NamedTuple):
    """A process that computes on a GPU. In a container older drivers give the host's number."""

    pid: int
    memory_bytes: Optional[int] = None


@dataclass(frozen=True)
class GpuIdentity:
    """What does not change about one GPU. ``index`` is NVML's, in PCI bus order."""

    index: int
    uuid: str
    name: str
    memory_total_bytes: Optional[int] = None
    compute_capability: Optional[str] = None
    sm_clock_max_mhz: Optional[float] = None


@dataclass(frozen=True)
class GpuFacts:
    """All GPUs and how they can be read.

    ``state``: ``ok``; ``no-driver`` (no usable NVML); ``no-devices`` (a driver, no GPU);
    ``hidden`` (asked not to look); ``lost`` (NVML failed although it is there). ``detail`` is
    NVML's own text.
    """

    state: str
    detail: str = ""
    driver: Optional[str] = None
    devices: List[GpuIdentity] = field(default_factory=list)


class GpuReader(Protocol):
    """What the sampler needs of the GPUs."""

    @property
    def facts(self) -> GpuFacts:
        """What is known now; ``state`` turns to ``lost`` when a reading fails."""

    def read(self) -> List[GpuReading]:
        """One reading for each device of ``facts``, in their order. Never raises."""

    def processes(self) -> List[Optional[List[GpuProcess]]]:
        """The processes on each device; ``None`` where they cannot be told. Never raises."""


class NoGpus:
    """The reader where there is nothing to read; ``facts`` say why."""

    def __init__(self, facts: GpuFacts) -> None:
        self.facts = facts

    def read(self) -> List[GpuReading]:
        """Nothing."""
        return []

    def processes(self) -> List[Optional[List[GpuProcess]]]:
        """Nothing."""
        return []


class NvmlReader:
    """Reads GPUs that NVML shows. ``nvml`` is the imported and initialised pynvml.

    ``only``: indices or UUIDs of those to read, where NVML shows more than the job was given.
    """

    def __init__(self, nvml: Any, only: Optional[List[str]] = None) -> None:
        self._nvml = nvml
        self._only = only
        self._handles: List[Any] = []
        self._periods = PeriodReader(nvml)
        self.facts = GpuFacts(state="ok")
        try:
            self._open()
        except nvml.NVMLError as error:
            self._lose(f"opening the GPUs: {error}")

    def read(self) -> List[GpuReading]:
        """One reading a device; empty readings once a device or NVML was lost."""
        readings: List[GpuReading] = []
        for device, handle in zip(self.facts.devices, self._handles):
            if self.facts.state == "lost":  # do not call into a broken driver again: it may hang
                readings.append(GpuReading())
                continue
            try:
                readings.append(self._read_one(device.index, handle))
            except self._nvml.NVMLError as error:
                self._lose(f"GPU {device.index}: {error}")
                readings.append(GpuReading())
        return readings

    def processes(self) -> List[Optional[List[GpuProcess]]]:
        """The processes that compute on each device, ours among them."""
        return [self._processes(handle) for handle in self._handles]

    def _processes(self, handle: Any) -> Optional[List[GpuProcess]]:
        if self.facts.state == "lost":
            return None
        try:
            listed = self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        except self._nvml.NVMLError:  # a device that is lost shows in the next reading
            return None
        return [GpuProcess(int(process.pid), process.usedGpuMemory) for process in listed]

    def _open(self) -> None:
        nvml = self._nvml
        driver = self._offered(lambda: text(nvml.nvmlSystemGetDriverVersion()))
        self.facts = replace(self.facts, driver=driver)
        for device in devices(nvml, self._only):
            self._handles.append(device.handle)
            identity = self._identity(device)
            self.facts = replace(self.facts, devices=[*self.facts.devices, identity])
        if not self._handles:
            self.facts = replace(
                self.facts, state="no-devices", detail="NVML works and shows no GPU"
            )

    def _identity(self, device: Device) -> GpuIdentity:
        nvml, handle = self._nvml, device.handle
        memory = self._memory(handle)
        return GpuIdentity(
            index=device.index,
            uuid=device.uuid,
            name=text(nvml.nvmlDeviceGetName(handle)),
            memory_total_bytes=None if memory is None else int(memory.total),
            compute_capability=self._offered(lambda: compute_capability(nvml, handle)),
            sm_clock_max_mhz=self._offered(
                lambda: float(nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM))
            ),
        )

    def _read_one(self, index: int, handle: Any) -> GpuReading:
        nvml, told = self._nvml, self._offered
        memory = self._memory(handle)
        milliwatts = told(lambda: float(nvml.nvmlDeviceGetPowerUsage(handle)))
        period = self._periods.read(index, handle)
        return GpuReading(
            util_percent=told(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
            memory_bytes=None if memory is None else int(memory.used),
            power_w=None if milliwatts is None else milliwatts / 1000,
            temperature_c=told(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
            sm_clock_mhz=told(
                lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))
            ),
            energy_j=told(lambda: total_energy_j(nvml, handle)),
            throttle_mask=told(lambda: throttle_mask(nvml, handle)),
            period_end_s=period.end_s,
            period_percent=period.percent,
        )

    def _memory(self, handle: Any) -> Optional[Any]:
        """NVML's structure with ``total``, ``used`` and ``free`` bytes."""
        return self._offered(lambda: self._nvml.nvmlDeviceGetMemoryInfo(handle))

    def _offered(self, call: Callable[[], T]) -> Optional[T]:
        return offered(self._nvml, call)

    def _lose(self, detail: str) -> None:
        self.facts = replace(self.facts, state="lost", detail=detail)


def open_gpus(look: bool = True, only: Optional[List[str]] = None) -> GpuReader:
    """A reader for this process's GPUs, or one that says why there are none. Never raises.

    ``NVIDIA_VISIBLE_DEVICES=void`` says nothing here: CDI sets it in containers that have GPUs.
    """
    if not look:
        return NoGpus(GpuFacts("hidden", "the job asked for no GPU"))
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError as error:
        return NoGpus(GpuFacts("no-driver", f"nvidia-ml-py3 cannot be imported: {error}"))
    try:
        nvml.nvmlInit()
    except (
        nvml.NVMLError_LibraryNotFound,
        nvml.NVMLError_DriverNotLoaded,
        nvml.NVMLError_LibRmVersionMismatch,
    ) as error:
        return NoGpus(GpuFacts("no-driver", str(error)))
    except nvml.NVMLError as error:  # "Unknown Error": the container lost its devices
        return NoGpus(GpuFacts("lost", f"starting NVML: {error}"))
    return NvmlReader(nvml, only)
