"""The real sampler and the real pynvml on a stub library, up to figures and findings.

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

import pytest
from checking import case

from harness.checks import registry
from runner.contract.measurement import GpuUse
from runner.contract.samples import Samples, read_samples
from runner.meters.gpu_figures import gpu_use

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30

STUB = r"""
#include <stdio.h>
#include <time.h>
#ifndef INIT
#define INIT 0
#endif
#ifndef LOST_AFTER
#define LOST_AFTER 0
#endif
#ifndef THROTTLE
#define THROTTLE 0
#endif
#ifndef CLOCK
#define CLOCK 1900
#endif
#ifndef OTHERS
#define OTHERS 0
#endif
#ifndef BUSY
#define BUSY 40
#endif
#ifndef BEFORE
#define BEFORE 0
#endif
#define OURS 14 /* readings of the first GPU until the job takes memory: 1.4 s */
#define FIRST (h == (void *)1)
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned pid; unsigned long long memory; } process_t;
static int reads;
static double now(void) {
  struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
int nvmlInit_v2(void) { return INIT; }
int nvmlSystemGetDriverVersion(char *out, unsigned n) { snprintf(out, n, "535.1"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **h) { *h = (void *)(long)(i + 1); return 0; }
int nvmlDeviceGetName(void *h, char *out, unsigned n) { snprintf(out, n, "Stub"); return 0; }
int nvmlDeviceGetUUID(void *h, char *out, unsigned n) {
  snprintf(out, n, "GPU-%ld", (long)h); return 0; }
int nvmlDeviceGetMemoryInfo(void *h, memory_t *m) {
  m->total = 8ull << 30; m->used = FIRST && reads > OURS ? 1ull << 30 : 1ull << 20; return 0; }
int nvmlDeviceGetUtilizationRates(void *h, utilization_t *u) {
  reads += FIRST; u->memory = 0; u->gpu = FIRST ? reads > OURS ? BUSY : BEFORE : 0;
  return LOST_AFTER && reads > LOST_AFTER ? 15 : 0; }
#ifdef PERIODS /* of 0.2 s, on the wall clock, the newest 72 */
typedef struct { unsigned long long stamp; union { double d; unsigned u; } value; } sample_t;
int nvmlDeviceGetSamples(
    void *h, int kind, unsigned long long last, int *type, unsigned *count, sample_t *out) {
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  unsigned long long newest = (t.tv_sec * 1000000ull + t.tv_nsec / 1000) / 200000 * 200000;
  unsigned found = 0;
  *type = 1;
  for (int i = 71; i >= 0; i--) {
    unsigned long long stamp = newest - i * 200000ull;
    if (stamp <= last) continue;
    if (out) { out[found].stamp = stamp; out[found].value.u = FIRST ? PERIODS : 0; }
    found++; }
  *count = found; return kind != 1 ? 2 : found ? 0 : 6; }
#endif
int nvmlDeviceGetPowerUsage(void *h, unsigned *mw) { *mw = 75500; return 0; }
int nvmlDeviceGetTemperature(void *h, int sensor, unsigned *t) { *t = 44; return sensor; }
#ifndef OLD
int nvmlDeviceGetClockInfo(void *h, int kind, unsigned *mhz) { *mhz = CLOCK; return kind != 1; }
int nvmlDeviceGetMaxClockInfo(void *h, int kind, unsigned *mhz) { *mhz = 1980; return kind != 1; }
int nvmlDeviceGetTotalEnergyConsumption(void *h, unsigned long long *mj) {
  *mj = now() * 80 * 1000; return 0; }
int nvmlDeviceGetCudaComputeCapability(void *h, int *major, int *minor) {
  *major = 9; *minor = 0; return 0; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void *h, unsigned long long *mask) {
  *mask = THROTTLE; return 0; }
int nvmlDeviceGetComputeRunningProcesses(void *h, unsigned *count, process_t *listed) {
  unsigned found = FIRST ? OTHERS + (reads > OURS) : 0;
  if (*count < found) { *count = found; return 7; }
  for (unsigned i = 0; i < found; i++) { /* numbers of the host, as in a container */
    listed[i].pid = 4000000 + (i < OTHERS ? i : 99); listed[i].memory = 2ull << 30; }
  *count = found; return 0; }
#endif
"""


def start_on_stub(tmp_path: Path, **defines: int) -> subprocess.Popen[bytes]:
    """The real sampler, through the real pynvml, on the compiled stub; it writes samples.csv."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the stub library")
    (tmp_path / "stub.c").write_text(STUB)
    options = [f"-D{name.upper()}={value}" for name, value in defines.items()]
    library = tmp_path / "libnvidia-ml.so.1"
    command = [compiler, *options, "-shared", "-fPIC", "-w", "stub.c", "-o", library]
    subprocess.run(command, cwd=tmp_path, check=True)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    environment.pop("NVIDIA_VISIBLE_DEVICES", None)
    command = [sys.executable, "-m", "runner.sampler", "--pid", str(os.getpid())]
    command += ["--out", tmp_path / "samples.csv"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)


def stop_on_stub(process: subprocess.Popen[bytes], tmp_path: Path) -> Samples:
    process.communicate(timeout=30)
    assert process.returncode == 0
    return read_samples(tmp_path / "samples.csv")


def wait_for_samples(folder: Path, seconds: float) -> None:
    """Until there are those of so many seconds.

    A busy machine passes some over, and the stub goes by its readings.
    """
    deadline = time.monotonic() + 20 * seconds + 20
    while (folder / "samples.csv").read_bytes().count(b"\n") <= 10 * seconds:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run_on_stub(tmp_path: Path, seconds: float, **defines: int) -> Samples:
    process = start_on_stub(tmp_path, **defines)
    assert process.stdout.readline() == b"ready\n"
    wait_for_samples(tmp_path, seconds)
    return stop_on_stub(process, tmp_path)


def whole(made: Samples) -> GpuUse:
    """The figures over all samples."""
    return gpu_use(made, made.times[0], made.times[-1])


def test_the_whole_path_on_a_stub_library(tmp_path: Path) -> None:
    use = whole(run_on_stub(tmp_path, 2.0, before=40))
    assert (use.state, use.driver) == ("ok", "535.1")
    assert [device.uuid for device in use.devices] == ["GPU-1", "GPU-2"]
    assert [device.utilisation_percent for device in use.devices] == [40, 0]
    assert [device.power_mean_w for device in use.devices] == [75.5, 75.5]
    assert [device.memory_total_bytes for device in use.devices] == [8 * GIB] * 2
    assert [device.memory_peak_bytes for device in use.devices] == [GIB, 2**20]
    assert [device.used for device in use.devices] == [True, False]
    assert [device.compute_capability for device in use.devices] == ["9.0"] * 2
    assert use.devices[0].temperature_max_c == 44
    assert use.devices[0].sm_clock_busy_mhz == 1900
    assert use.devices[1].sm_clock_busy_mhz is None  # never busy
    assert use.devices[0].sm_clock_max_mhz == 1980
    assert use.devices[0].throttle == {}
    assert use.devices[0].foreign_processes == 0


def test_periods_of_nvml_itself_come_before_readings(tmp_path: Path) -> None:
    made = run_on_stub(tmp_path, 1.8, before=40, busy=60, periods=97)
    start, end = made.times[0] + 0.5, made.times[0] + 1.5
    device = gpu_use(made, start, end).devices[0]
    assert (device.utilisation_percent, device.utilisation_source) == (97, "periods")
    without = [None] * len(made.times)
    made.columns["gpu0_period_percent"] = without
    device = gpu_use(made, start, end).devices[0]
    assert device.utilisation_source == "readings"
    assert 40 <= device.utilisation_percent <= 60


def test_energy_from_the_counter_and_from_power_on_an_old_driver(tmp_path: Path) -> None:
    for name, watts, source in (("new", 80.0, "counter"), ("old", 75.5, "power")):
        (tmp_path / name).mkdir()
        made = run_on_stub(tmp_path / name, 2.4, **({"old": 1} if name == "old" else {}))
        seconds = made.times[-1] - made.times[0]
        device = whole(made).devices[1]
        assert device.energy_source == source
        # The counter is read a moment after the sample's time, on a busy machine some moments.
        assert device.energy_j == pytest.approx(watts * seconds, rel=0.05)
    # What the old driver lacks is not available, and nothing was lost for it.
    assert whole(made).state == "ok"
    assert (device.sm_clock_mean_mhz, device.sm_clock_max_mhz, device.throttle) == (None,) * 3
    assert (device.compute_capability, device.foreign_processes) == (None, None)


def test_nvml_lost_in_mid_run(tmp_path: Path) -> None:
    made = run_on_stub(tmp_path, 1.5, lost_after=9, before=40)
    use = whole(made)
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
    use = gpu_use(run_on_stub(tmp_path, 0.3, init=init), 0, 1)
    assert use.state == state
    assert text in use.detail


GUARDED = {
    "quiet": ({}, [], ""),
    "idle": ({"busy": 0}, ["gpu-idle"], "GPU 0 0.0 %, GPU 1 0.0 % in the window"),
    "lost": ({"lost_after": 25}, ["nvml-lost"], "GPU is lost"),
    "throttled": ({"throttle": 0x44}, ["gpu-throttled"], "SW power cap in 100%, HW thermal"),
    "set": ({"throttle": 0x3}, [], ""),
    "slow": ({"clock": 900}, ["gpu-clocks-low"], "900 MHz while busy, 45%"),
    "shared": ({"others": 2}, ["gpu-shared"], "2 processes of others in the window, holding 4.0"),
    "before": ({"before": 95}, ["gpu-busy-before"], "95 % busy before"),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    """Samples of all cases, taken side by side: most of the time is waiting."""
    folders = {name: tmp_path_factory.mktemp(name) for name in GUARDED}
    running = {
        name: start_on_stub(folders[name], **defines) for name, (defines, *_) in GUARDED.items()
    }
    for process in running.values():
        assert process.stdout.readline() == b"ready\n"
    for folder in folders.values():
        wait_for_samples(folder, 3.2)
    return {name: stop_on_stub(process, folders[name]) for name, process in running.items()}


@pytest.mark.parametrize("name", GUARDED)
def test_a_guard_from_the_library_to_the_finding(make_result, guarded, name: str) -> None:
    """The job takes memory and works from the 15th reading on; then comes the window."""
    _, codes, evidence = GUARDED[name]
    made = guarded[name]
    use = gpu_use(made, made.times[18], made.times[-1])
    result = make_result(
        job={"device": "gpu"},
        measurement={"gpu": use.model_dump(), "attestation": {"device": "gpu"}},
    )
    found = registry.findings(case(result))
    assert [finding.code for finding in found] == codes
    assert all(evidence in finding.evidence for finding in found), found
