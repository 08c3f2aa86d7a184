"""The GPU meter: states with reasons, readings with units, and whose processes those are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from harness.nvidia import host_driver
from runner.meters.gpu_meter import GpuProcess, GpuReading, NvmlReader, open_gpus
from runner.meters.gpu_processes import count_foreign
from runner.meters.nvml import NOT_OFFERED, UNKNOWN_REASON

GIB = 2**30


class Nvml(SimpleNamespace):
    """pynvml's functions with scripted answers; exceptions are pynvml's own."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("NVML", "nvmlInit", "_nvmlCheckReturn")):
            return getattr(pynvml, name)
        raise AttributeError(name)


def scripted(count: int = 2, **answers: Any) -> Nvml:
    def answer(value: Any) -> Any:
        def call(*_: Any) -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        return call

    functions: dict[str, Any] = {
        "nvmlSystemGetDriverVersion": b"535.104.05",
        "nvmlDeviceGetCount": count,
        "nvmlDeviceGetName": b"Tesla K80",
        "nvmlDeviceGetUUID": b"GPU-0",
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=12 * GIB, used=0),
        "nvmlDeviceGetPowerUsage": 61_500,
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=0, memory=0),
        "nvmlDeviceGetTemperature": 40,
        "nvmlDeviceGetClockInfo": 562,
        "nvmlDeviceGetMaxClockInfo": 875,
        "nvmlDeviceGetCurrentClocksThrottleReasons": 1 << 63 | 0x4,
        **answers,
    }
    nvml = Nvml(**{name: answer(value) for name, value in functions.items()})
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml._nvmlGetFunctionPointer = c_functions(energy=123_456)
    return nvml


def c_functions(energy: int | None) -> Any:
    """Stands for the library's own functions; without ``energy`` an old driver, which lacks it."""

    def energy_of(_: int, out: Any) -> int:
        out._obj.value = energy
        return 0

    def capability_of(_: int, major: Any, minor: Any) -> int:
        major._obj.value, minor._obj.value = 3, 7
        return 0

    def version_of(out: Any) -> int:
        out._obj.value = 12_040
        return 0

    def pointer(name: str) -> Any:
        if name == "nvmlSystemGetCudaDriverVersion":
            return version_of
        if name == "nvmlDeviceGetTotalEnergyConsumption" and energy is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        return energy_of if "Energy" in name else capability_of

    return pointer


READING = GpuReading(0.0, 0, 61.5, 40.0, 562.0, 123.456, UNKNOWN_REASON | 0x4)


def test_readings_have_units_and_zero_is_zero() -> None:
    reader = NvmlReader(scripted())
    assert reader.facts.state == "ok"
    assert reader.facts.driver == "535.104.05"
    assert [device.name for device in reader.facts.devices] == ["Tesla K80"] * 2
    assert reader.facts.devices[1].memory_total_bytes == 12 * GIB
    assert reader.facts.devices[0].compute_capability == "3.7"
    assert reader.facts.devices[0].sm_clock_max_mhz == 875
    assert reader.read() == [READING] * 2


def test_what_a_gpu_does_not_offer_is_none_one_by_one() -> None:
    reader = NvmlReader(
        scripted(
            1,
            nvmlDeviceGetUtilizationRates=pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED),
            nvmlDeviceGetPowerUsage=pynvml.NVMLError(pynvml.NVML_ERROR_NO_PERMISSION),
        )
    )
    assert reader.read() == [READING._replace(util_percent=None, power_w=None)]
    assert reader.facts.state == "ok"


@pytest.mark.parametrize("code", [2, 3, 4, 13, 26])
def test_a_driver_that_lacks_the_newer_functions_is_not_lost(code: int) -> None:
    nvml = scripted(1, nvmlDeviceGetCurrentClocksThrottleReasons=pynvml.NVMLError(code))
    nvml._nvmlGetFunctionPointer = c_functions(energy=None)
    reader = NvmlReader(nvml)
    assert reader.read() == [READING._replace(energy_j=None, throttle_mask=None)]
    assert reader.facts.state == "ok"


@pytest.mark.parametrize("code", sorted(NOT_OFFERED))
def test_the_host_asks_as_the_job_does(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A MIG instance answers "invalid argument": what it does not offer is not a driver's end."""
    nvml = scripted(
        1,
        nvmlDeviceGetUtilizationRates=pynvml.NVMLError(code),
        nvmlDeviceGetComputeRunningProcesses=[SimpleNamespace(pid=7)],
        nvmlInit=None,
        nvmlShutdown=None,
    )
    monkeypatch.setattr(host_driver, "pynvml", nvml)
    driver = host_driver.examine()
    assert (driver.version, driver.cuda, driver.problem) == ("535.104.05", "12.4", "")
    (gpu,) = driver.gpus
    assert (gpu.utilisation_percent, gpu.compute_capability, gpu.processes) == (None, "3.7", [7])


def test_the_host_says_when_a_gpu_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    nvml = scripted(1, nvmlInit=None, nvmlShutdown=None, nvmlDeviceGetMemoryInfo=lost)
    monkeypatch.setattr(host_driver, "pynvml", nvml)
    assert "GPU is lost" in host_driver.examine().problem


def test_a_driver_that_does_not_let_go_of_us_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    nvml = scripted(1, nvmlInit=None, nvmlShutdown=lost, nvmlDeviceGetComputeRunningProcesses=[])
    monkeypatch.setattr(host_driver, "pynvml", nvml)
    assert [gpu.index for gpu in host_driver.examine().gpus] == [0]


def test_processes_and_a_driver_that_does_not_tell_them() -> None:
    listed = [SimpleNamespace(pid=7, usedGpuMemory=GIB), SimpleNamespace(pid=8, usedGpuMemory=None)]
    reader = NvmlReader(scripted(1, nvmlDeviceGetComputeRunningProcesses=listed))
    assert reader.processes() == [[GpuProcess(7, GIB), GpuProcess(8, None)]]
    refused = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
    reader = NvmlReader(scripted(1, nvmlDeviceGetComputeRunningProcesses=refused))
    assert reader.processes() == [None]
    assert reader.facts.state == "ok"


@pytest.mark.parametrize(
    ("listed", "before", "own", "foreign"),
    [
        ([], set(), set(), 0),
        ([900], set(), {12}, 0),  # in a container: one that came with the job is the job
        ([900, 901], set(), {12}, 1),
        ([900, 901], {900}, {12}, 1),
        ([900], {900}, {12}, 1),  # the job itself is not there (yet)
        ([], {900}, {12}, 0),  # it went
        ([12, 13], set(), {12, 13}, 0),  # numbers are ours: the job's processes are all known
        ([12, 900], {900}, {12}, 1),
        ([12, 900, 901], set(), {12}, 2),
    ],
)
def test_foreign_processes(
    listed: list[int], before: set[int], own: set[int], foreign: int
) -> None:
    assert count_foreign([GpuProcess(pid) for pid in listed], before, own) == foreign


def test_a_lost_gpu_changes_the_state_and_ends_the_calls() -> None:
    nvml = scripted()
    reader = NvmlReader(nvml)
    calls: list[int] = []

    def lost(handle: int) -> None:
        calls.append(handle)
        raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)

    nvml.nvmlDeviceGetMemoryInfo = lost
    assert reader.read() == [GpuReading()] * 2
    assert reader.read() == [GpuReading()] * 2
    assert calls == [0]
    assert reader.facts.state == "lost"
    assert reader.facts.detail == "GPU 0: GPU is lost"
    assert len(reader.facts.devices) == 2


def test_a_driver_without_devices_and_one_that_fails_at_once() -> None:
    assert NvmlReader(scripted(0)).facts.state == "no-devices"
    unknown = pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)
    facts = NvmlReader(scripted(nvmlDeviceGetCount=unknown)).facts
    assert (facts.state, facts.detail) == ("lost", "opening the GPUs: Unknown Error")


def test_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = open_gpus(look=False)
    assert reader.facts.state == "hidden"
    assert reader.read() == []
    monkeypatch.setenv("NVIDIA_VISIBLE_DEVICES", "void")  # CDI sets it in containers with GPUs
    assert open_gpus().facts.state != "hidden"


def test_only_the_gpus_of_the_job_are_read() -> None:
    reader = NvmlReader(scripted(3), only=["2"])
    assert [device.index for device in reader.facts.devices] == [2]
    assert len(reader.read()) == 1
    assert NvmlReader(scripted(2), only=["GPU-7"]).facts.state == "no-devices"


def test_no_driver_is_a_state_with_nvmls_own_text() -> None:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        pass
    else:
        pytest.skip("this machine has an NVIDIA driver")
    facts = open_gpus().facts
    assert facts.state in ("no-driver", "lost")
    assert facts.detail
    assert facts.devices == []
