"""The GPU meter: states with reasons, figures of a window, and the real pynvml on a stub library.

The stub is a few lines of C that stand in for the driver's ``libnvidia-ml.so.1``, for these tests
only. Everything above the library's functions is the product's own path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from runner.meters.figures import gpu_use
from runner.meters.gpu import GpuReading, NvmlReader, open_gpus
from runner.meters.window import Samples, read_samples

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30


class Nvml(SimpleNamespace):
    """pynvml's functions with scripted answers; exceptions are pynvml's own."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("NVML", "nvmlInit")):
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
        **answers,
    }
    nvml = Nvml(**{name: answer(value) for name, value in functions.items()})
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    return nvml


def test_readings_have_units_and_zero_is_zero() -> None:
    reader = NvmlReader(scripted())
    assert reader.facts.state == "ok"
    assert reader.facts.driver == "535.104.05"
    assert [device.name for device in reader.facts.devices] == ["Tesla K80"] * 2
    assert reader.facts.devices[1].memory_total_bytes == 12 * GIB
    assert reader.read() == [GpuReading(0.0, 0, 61.5, 40.0, 562.0)] * 2


def test_what_a_gpu_does_not_offer_is_none_one_by_one() -> None:
    reader = NvmlReader(
        scripted(
            1,
            nvmlDeviceGetUtilizationRates=pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED),
            nvmlDeviceGetPowerUsage=pynvml.NVMLError(pynvml.NVML_ERROR_NO_PERMISSION),
        )
    )
    assert reader.read() == [GpuReading(None, 0, None, 40.0, 562.0)]
    assert reader.facts.state == "ok"


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


# --- figures of a window -----------------------------------------------------------------------


def samples(state: str = "ok", **columns: list[float | None]) -> Samples:
    """One second apart from t=0; columns as ``gpu0_util_percent=[...]``."""
    length = max(map(len, columns.values()))
    gpus = sorted({name.split("_")[0] for name in columns})
    devices = [
        {"index": number, "uuid": f"GPU-{number}", "name": "K80", "memory_total_bytes": 12 * GIB}
        for number in range(len(gpus))
    ]
    return Samples(
        columns=dict(columns),
        times=[float(number) for number in range(length)],
        interval_target_s=1.0,
        gpu={"state": state, "detail": "d", "driver": "535", "devices": devices},
    )


def test_zeros_count_missing_does_not_and_the_window_cuts() -> None:
    made = samples(
        gpu0_util_percent=[90, 0, 100, None, 50, 0, 99],
        gpu0_power_w=[1, 50, 60, None, 70, 80, 1],
        gpu0_memory_bytes=[GIB, GIB, 2 * GIB, 3 * GIB, 2 * GIB, GIB, 9 * GIB],
    )
    (device,) = gpu_use(made, 0.5, 5.5).devices
    assert device.utilisation_percent == pytest.approx(150 / 4)
    assert device.power_mean_w == pytest.approx(65)
    assert device.memory_peak_bytes == 3 * GIB
    assert device.memory_total_bytes == 12 * GIB
    assert device.used


def test_not_available_is_none_and_never_zero() -> None:
    none: list[float | None] = [None] * 5
    made = samples(gpu0_util_percent=none, gpu0_power_w=none, gpu0_memory_bytes=none)
    (device,) = gpu_use(made, 0, 4).devices
    assert device.utilisation_percent is None
    assert device.power_mean_w is None
    assert device.memory_peak_bytes is None
    assert not device.used


def test_used_is_evidence_of_work_and_of_memory() -> None:
    """TensorFlow takes memory on all GPUs and works on one; a neighbour works, not with us."""
    grown: list[float | None] = [0.1 * GIB, 5 * GIB, 5 * GIB, 5 * GIB]
    flat: list[float | None] = [7 * GIB] * 4
    made = samples(
        gpu0_util_percent=[0, 60, 70, 0],
        gpu0_memory_bytes=grown,
        gpu1_util_percent=[0, 0, 0, 0],
        gpu1_memory_bytes=grown,
        gpu2_util_percent=[99, 99, 99, 99],
        gpu2_memory_bytes=flat,
        gpu3_util_percent=[None] * 4,
        gpu3_memory_bytes=grown,
    )
    used = [device.used for device in gpu_use(made, 0.5, 3.5).devices]
    assert used == [True, False, False, True]


def test_lost_stays_lost_with_what_was_read_before() -> None:
    made = samples("lost", gpu0_util_percent=[50, 50, 50, None])
    use = gpu_use(made, 0, 2)
    assert (use.state, use.detail, use.driver) == ("lost", "d", "535")
    assert use.devices[0].utilisation_percent == 50


def test_too_short_a_window_has_no_utilisation() -> None:
    made = samples(gpu0_util_percent=[50, 50, 50], gpu0_power_w=[9, 9, 9])
    (device,) = gpu_use(made, 0.5, 1.2).devices
    assert device.utilisation_percent is None
    assert device.power_mean_w == 9


# --- the real pynvml, with and without a library -------------------------------------------------


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


STUB = r"""
#include <stdio.h>
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
static int reads;
int nvmlInit_v2(void) { return INIT; }
int nvmlSystemGetDriverVersion(char *out, unsigned n) { snprintf(out, n, "535.1"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **h) { *h = (void *)(long)(i + 1); return 0; }
int nvmlDeviceGetName(void *h, char *out, unsigned n) { snprintf(out, n, "Stub"); return 0; }
int nvmlDeviceGetUUID(void *h, char *out, unsigned n) {
  snprintf(out, n, "GPU-%ld", (long)h); return 0; }
int nvmlDeviceGetMemoryInfo(void *h, memory_t *m) {
  m->total = 8ull << 30; m->used = h == (void *)1 && reads > 4 ? 1ull << 30 : 1ull << 20;
  return 0; }
int nvmlDeviceGetUtilizationRates(void *h, utilization_t *u) {
  reads++; u->memory = 0; u->gpu = h == (void *)1 ? 40 : 0;
  return LOST_AFTER && reads > LOST_AFTER ? 15 : 0; }
int nvmlDeviceGetPowerUsage(void *h, unsigned *mw) { *mw = 75500; return 0; }
int nvmlDeviceGetTemperature(void *h, int sensor, unsigned *t) { *t = 44; return sensor; }
"""


def run_on_stub(tmp_path: Path, init: int = 0, lost_after: int = 0) -> Samples:
    """Two seconds of the real sampler, through the real pynvml, on the compiled stub."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the stub library")
    (tmp_path / "stub.c").write_text(STUB)
    options = [f"-DINIT={init}", f"-DLOST_AFTER={lost_after}", "-shared", "-fPIC", "-w"]
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([compiler, *options, "stub.c", "-o", library], cwd=tmp_path, check=True)
    out = tmp_path / "samples.csv"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    environment.pop("NVIDIA_VISIBLE_DEVICES", None)
    command = [sys.executable, "-m", "runner.sampler", "--pid", str(os.getpid()), "--out", out]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)
    time.sleep(2.0)
    process.communicate(timeout=30)
    assert process.returncode == 0
    return read_samples(out)


def test_the_whole_path_on_a_stub_library(tmp_path: Path) -> None:
    made = run_on_stub(tmp_path)
    use = gpu_use(made, made.times[0], made.times[-1])
    assert (use.state, use.driver) == ("ok", "535.1")
    assert [device.uuid for device in use.devices] == ["GPU-1", "GPU-2"]
    assert [device.utilisation_percent for device in use.devices] == [40, 0]
    assert [device.power_mean_w for device in use.devices] == [75.5, 75.5]
    assert [device.memory_total_bytes for device in use.devices] == [8 * GIB] * 2
    assert [device.used for device in use.devices] == [True, False]
    assert made.columns["gpu0_temperature_c"][0] == 44
    assert made.columns["gpu0_sm_clock_mhz"][0] is None  # the stub lacks the function


def test_nvml_lost_in_mid_run(tmp_path: Path) -> None:
    made = run_on_stub(tmp_path, lost_after=9)
    use = gpu_use(made, made.times[0], made.times[-1])
    assert use.state == "lost"
    assert "GPU is lost" in use.detail
    utilisation = made.columns["gpu0_util_percent"]
    assert utilisation[0] == 40
    assert utilisation[-1] is None


@pytest.mark.parametrize(
    ("init", "state", "text"),
    [
        (9, "no-driver", "Driver Not Loaded"),
        (18, "no-driver", "mismatch"),
        (999, "lost", "Unknown"),
    ],
)
def test_nvml_that_does_not_start(tmp_path: Path, init: int, state: str, text: str) -> None:
    use = gpu_use(run_on_stub(tmp_path, init=init), 0, 1)
    assert use.state == state
    assert text in use.detail
