"""The yardstick: how fast a device multiplies, timed as it should be, and what goes wrong."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner import peak
from runner.contract.measurement import GpuDevice, GpuUse

UUID = "GPU-abababab-abab-abab-abab-abababababab"


class Device:
    """A clock that only products move; the first takes longer, and so does every tenth."""

    def __init__(self, takes_s, first_s):
        self.now, self.takes_s, self.first_s, self.done = 0.0, takes_s, first_s, 0

    def multiply(self):
        slow = 10 if self.done % 10 == 9 else 1
        self.now += self.takes_s * slow if self.done else self.first_s
        self.done += 1

    def rate(self, seconds):
        return peak.rate(self.multiply, lambda: None, 6e9, seconds, clock=lambda: self.now)


def test_the_rate_is_that_of_most_products():
    assert Device(takes_s=0.03, first_s=5.0).rate(1.0) == pytest.approx(6e9 / 0.03)


def test_a_window_holds_many_short_products():
    device = Device(takes_s=0.0001, first_s=0.0001)
    # Of 200 products to a window, 20 take ten times as long.
    assert device.rate(0.5) == pytest.approx(6e9 / (0.0001 * (1 + 0.1 * 9)), rel=0.05)


def test_a_slow_device_does_a_few_products_and_no_more():
    device = Device(takes_s=4.0, first_s=4.0)
    assert device.rate(1.0) == pytest.approx(6e9 / 4.0)
    assert device.done == 5


def test_a_cpu_multiplies(make_result):
    (found,) = peak.of_job(make_result(job={"threads": 1}).job, GpuUse(state="hidden"))
    assert (found.device, found.multiplied_in, found.threads) == ("cpu", "float32", 1)
    assert 1e8 < found.flop_per_s < 1e13
    assert found.library.startswith("numpy ")


def test_numpy_has_no_yardstick_of_lower_precisions(make_result, capfd):
    job = make_result(job={"settings": {"precision": "bfloat16"}}).job
    assert peak.of_job(job, GpuUse(state="hidden")) == []
    assert capfd.readouterr().err == ""


def gpus(*uuids, used=True):
    devices = [GpuDevice(index=0, uuid=uuid, name="a GPU", used=used) for uuid in uuids]
    return GpuUse(state="ok", devices=devices)


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """A driver and a cuBLAS that the loader finds first; the file that says how they multiplied."""
    source = Path(__file__).resolve().parents[1] / "gpu_stub" / "cublas_stub.c"
    for name in ("libcuda.so.1", "libcublas.so.13"):
        command = ["gcc", "-shared", "-fPIC", "-w", "-o", tmp_path / name, source]
        subprocess.run(command, check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("BENCHDL_STUB_MATH_MODE", str(tmp_path / "mode"))
    return tmp_path / "mode"


# The first number that is drawn, 0.6888, in each format; the types are those of cuBLAS' headers.
@pytest.mark.parametrize(
    ("precision", "types"),
    [("float32", "0 68"), ("tf32", "0 77"), ("bfloat16", "14 68"), ("float16", "2 68")],
)
def test_a_gpu_multiplies_in_the_jobs_precision(stub, make_result, precision, types):
    job = make_result(job={"device": "gpu", "settings": {"precision": precision}}).job
    (found,) = peak.of_job(job, gpus(UUID))
    assert (found.device, found.multiplied_in, found.size) == (UUID, precision, 2048)
    assert found.library == "libcublas.so.13"
    kinds, _, first = stub.read_text().rpartition(" ")
    assert kinds == types
    assert float(first) == pytest.approx(0.6888, abs=2**-8)
    # 2 ms a product, more on a machine that is busy.
    assert 2 * 2048**3 / 0.02 < found.flop_per_s <= 2 * 2048**3 / 0.002


def test_a_gpu_that_cuda_does_not_show_is_a_line_in_the_log(stub, make_result, capfd):
    job = make_result(job={"device": "gpu"}).job
    assert peak.of_job(job, gpus("GPU-another")) == []
    (line,) = capfd.readouterr().err.splitlines()
    assert line == "runner: the device's peak is not known: CUDA shows no GPU GPU-another"


def test_no_cuda_is_a_line_in_the_log(make_result, capfd, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", os.devnull)
    assert peak.of_job(make_result(job={"device": "gpu"}).job, gpus(UUID)) == []
    (line,) = capfd.readouterr().err.splitlines()
    assert "libcuda.so.1" in line


def test_nothing_is_measured_of_a_gpu_that_was_not_used(make_result, capfd):
    assert peak.of_job(make_result(job={"device": "gpu"}).job, gpus(UUID, used=False)) == []
    assert capfd.readouterr().err == ""
