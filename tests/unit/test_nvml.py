"""NVML's words: bits, versions and errors, and every way in which it may not start."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pynvml
import pytest
from test_gpu_meter import scripted

from runner.meters import gpu_processes, nvml
from runner.meters.gpu_meter import GpuProcess, GpuReading, NvmlReader, open_gpus
from runner.meters.gpu_periods import Period
from runner.meters.gpu_processes import GpuProcesses

# nvml.h, nvmlClocksThrottleReason...: GpuIdle, ApplicationsClocksSetting, SwPowerCap, HwSlowdown,
# SyncBoost, SwThermalSlowdown, HwThermalSlowdown, HwPowerBrakeSlowdown, DisplayClockSetting.
HEADER = {
    0x1: "idle",
    0x2: "applications clocks setting",
    0x4: "SW power cap",
    0x8: "HW slowdown",
    0x10: "sync boost",
    0x20: "SW thermal slowdown",
    0x40: "HW thermal slowdown",
    0x80: "HW power brake",
    0x100: "display clock setting",
}


@pytest.mark.parametrize(("bit", "name"), HEADER.items())
def test_bits_are_those_of_nvidias_header(bit, name):
    assert nvml.throttle_shares([0, bit, bit | 0x10000, 0]) == {name: 0.5}


def test_samples_of_older_runs_keep_their_bit_for_unknown():
    assert nvml.throttle_shares([2**52, 0, 0, 0]) == {"unknown": 0.25}


@pytest.mark.parametrize(
    ("said", "kept"),
    [(0, 0), (0x1, 0x1), (0x1FF, 0x1FF), (1 << 63, 2**52), (1 << 63 | 0x8, 2**52 | 0x8),
     (1 << 52, 0), (1 << 62, 0), (1 << 51, 1 << 51)],
)  # fmt: skip
def test_a_mask_is_kept_in_what_a_float_holds(said, kept):
    """NVML's bit 63 stands for "unknown"; a number of samples.csv is exact up to 2**53."""
    gpu = scripted(1, nvmlDeviceGetCurrentClocksThrottleReasons=said)
    assert nvml.throttle_mask(gpu, 0) == kept


@pytest.mark.parametrize(
    ("number", "words"), [(12_040, "12.4"), (11_080, "11.8"), (12_090, "12.9"), (13_000, "13.0")]
)
def test_versions_of_cuda_are_written_as_usual(number, words):
    def version(out):
        out._obj.value = number
        return 0

    gpu = scripted()
    gpu._nvmlGetFunctionPointer = {"nvmlSystemGetCudaDriverVersion": version}.__getitem__
    assert nvml.cuda_version(gpu) == words


def test_functions_that_the_package_lacks_are_called_by_their_names():
    def energy(handle, out):
        out._obj.value = 2500 + handle
        return 0

    def capability(handle, major, minor):
        major._obj.value, minor._obj.value = 9, handle
        return 0

    gpu = scripted()
    gpu._nvmlGetFunctionPointer = {
        "nvmlDeviceGetTotalEnergyConsumption": energy,
        "nvmlDeviceGetCudaComputeCapability": capability,
    }.__getitem__
    assert nvml.total_energy_j(gpu, 250) == 2.75
    assert nvml.compute_capability(gpu, 3) == "9.3"


@pytest.mark.parametrize("code", [2, 3, 4, 13, 25, 26])
def test_what_is_not_offered_is_none(code):
    def refused():
        raise pynvml.NVMLError(code)

    assert nvml.offered(pynvml, refused) is None


@pytest.mark.parametrize("code", [1, 5, 12, 14, 15, 24, 27, 999])
def test_any_other_error_is_one(code):
    def broken():
        raise pynvml.NVMLError(code)

    with pytest.raises(pynvml.NVMLError):
        nvml.offered(pynvml, broken)


@pytest.mark.parametrize(
    ("value", "words"), [(b"K80", "K80"), ("K80", "K80"), (b"\xff", "\N{REPLACEMENT CHARACTER}")]
)
def test_text_of_nvml(value, words):
    assert nvml.text(value) == words


@pytest.mark.parametrize(
    ("only", "found"), [(None, [0, 1]), ([], [0, 1]), (["1"], [1]), (["GPU-0"], [0]), (["2"], [])]
)
def test_gpus_are_chosen_by_number_or_name(only, found):
    gpu = scripted(2)
    gpu.nvmlDeviceGetUUID = lambda handle: f"GPU-{handle}".encode()
    assert [device.index for device in nvml.devices(gpu, only)] == found


def test_the_module_that_is_installed_is_opened(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", scripted(3, nvmlInit=None))
    assert [device.index for device in open_gpus(only=["2"]).facts.devices] == [2]


@pytest.mark.parametrize(
    ("code", "state", "detail"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no-driver", "NVML Shared Library Not Found"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "no-driver", "Driver Not Loaded"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "no-driver", "RM has detected an NVML/RM ver"),
        (pynvml.NVML_ERROR_UNKNOWN, "lost", "starting NVML: Unknown Error"),
    ],
)
def test_why_nvml_does_not_start(monkeypatch, code, state, detail):
    broken = scripted(nvmlInit=pynvml.NVMLError(code))
    monkeypatch.setitem(sys.modules, "pynvml", broken)
    reader = open_gpus()
    assert (reader.facts.state, reader.read(), reader.processes()) == (state, [], [])
    assert reader.facts.detail.startswith(detail)


def test_without_the_module_there_is_no_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    facts = open_gpus().facts
    assert facts.state == "no-driver"
    assert facts.detail.startswith("nvidia-ml-py3 cannot be imported: ")


def test_a_driver_that_does_not_tell_its_version_is_read_all_the_same():
    refused = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
    reader = NvmlReader(
        scripted(
            1,
            nvmlSystemGetDriverVersion=refused,
            nvmlDeviceGetMemoryInfo=refused,
            nvmlDeviceGetMaxClockInfo=refused,
        )
    )
    (device,) = reader.facts.devices
    assert (reader.facts.state, reader.facts.driver) == ("ok", None)
    assert (device.memory_total_bytes, device.sm_clock_max_mhz) == (None, None)
    assert reader.read()[0].memory_bytes is None


def test_a_driver_without_gpus_says_so():
    facts = NvmlReader(scripted(0)).facts
    assert (facts.state, facts.detail) == ("no-devices", "NVML works and shows no GPU")


def test_a_reading_has_the_newest_period(monkeypatch):
    reader = NvmlReader(scripted(1))
    monkeypatch.setattr(reader._periods, "read", lambda index, handle: Period(7.5, 60.0))
    (reading,) = reader.read()
    assert (reading.period_end_s, reading.period_percent) == (7.5, 60.0)


def test_figures_are_asked_for_by_nvmls_numbers():
    """NVML_CLOCK_SM is 1 and NVML_TEMPERATURE_GPU 0 in nvml.h."""
    gpu = scripted(1)
    gpu.nvmlDeviceGetClockInfo = lambda handle, kind: {1: 562}[kind]
    gpu.nvmlDeviceGetMaxClockInfo = lambda handle, kind: {1: 875}[kind]
    gpu.nvmlDeviceGetTemperature = lambda handle, kind: {0: 40}[kind]
    reader = NvmlReader(gpu)
    assert reader.facts.devices[0].sm_clock_max_mhz == 875
    (reading,) = reader.read()
    assert (reading.sm_clock_mhz, reading.temperature_c) == (562, 40)


def test_after_a_gpu_was_lost_nobody_is_asked_for_processes():
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    gpu = scripted(2, nvmlDeviceGetComputeRunningProcesses=[])
    reader = NvmlReader(gpu)
    assert reader.processes() == [[], []]
    asked = []

    def power(handle):
        asked.append(handle)
        if handle == 1:
            raise lost
        return 1000

    gpu.nvmlDeviceGetPowerUsage = power
    first, second = reader.read()
    assert (first.power_w, second) == (1.0, GpuReading())
    assert reader.facts.detail == "GPU 1: GPU is lost"
    assert reader.processes() == [None, None]
    assert reader.read() == [GpuReading()] * 2
    assert asked == [0, 1]


class Listing:
    """GPUs whose processes a test lists."""

    def __init__(self, *listed):
        self.listed = list(listed)

    def processes(self):
        return self.listed


@pytest.fixture
def clock(monkeypatch):
    state = SimpleNamespace(now=50.0)
    monkeypatch.setattr(gpu_processes, "time", SimpleNamespace(monotonic=lambda: state.now))
    return state


def test_processes_are_looked_at_once_a_second(clock):
    gpus = Listing([GpuProcess(900)], None)
    watch = GpuProcesses(gpus)
    assert watch.foreign({12}) == [1, None]
    gpus.listed = [[GpuProcess(900), GpuProcess(901), GpuProcess(902)], []]
    clock.now = 50.99
    assert watch.foreign({12}) == [None, None]
    clock.now = 51.0
    assert watch.foreign({12}) == [2, 0]  # one of those that came is the job's
    clock.now = 52.0
    assert watch.foreign({901, 902}) == [1, 0]


@pytest.mark.parametrize(
    ("listed", "summary"),
    [
        (None, None),
        ([], {"processes": 0, "memory_bytes": None}),
        ([GpuProcess(1, 5), GpuProcess(2), GpuProcess(3, 7)],
         {"processes": 3, "memory_bytes": 12}),
        ([GpuProcess(1)], {"processes": 1, "memory_bytes": None}),
    ],
)  # fmt: skip
def test_what_was_there_at_the_start(clock, listed, summary):
    assert GpuProcesses(Listing(listed)).at_start == [summary]
