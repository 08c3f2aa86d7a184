"""What doctor says of drivers, GPUs and engines, and the words of drivers that it knows."""

from __future__ import annotations

import pytest

from harness import catalog
from harness.doctor import gpu_lines
from harness.doctor.line import State
from harness.nvidia import architectures, troubles
from harness.nvidia.host_driver import Driver, Gpu

CUDA = catalog.load("tf").spec.cuda
INFO = {"Runtimes": {"runc": {}}, "DefaultRuntime": "runc"}


@pytest.mark.parametrize(
    ("driver", "capability", "problem"),
    [
        ("535.161.08", "3.7", ""),
        ("450.80.02", "9.0", ""),
        ("450.51.06", "8.0", "driver 450.51.06 is older"),
        ("99.1", "8.0", "driver 99.1 is older"),  # as numbers, not as text
        ("580.65.06", "10.0", "compute capability 10.0"),
        ("535.161.08", "3.0", "compute capability 3.0"),
        (None, None, ""),
    ],
)
def test_what_runs_on_which_driver_and_gpu(driver, capability, problem):
    old, code = gpu_lines.too_old(CUDA, driver), gpu_lines.without_code(CUDA, capability)
    found, fix = old if old[0] else code
    assert problem in found
    assert bool(found) == bool(problem) == bool(fix)


def by_subject(lines):
    return {line.subject: line for line in lines}


def test_on_stub_gpus(benchdl, stub_nvml):
    script = """
    gpus = 3
    driver = 450.36.06
    [gpu *]
    memory_total_mib = 81559
    [gpu 1]
    name = NVIDIA B200
    compute_capability = 10.0
    memory_mib = 2048
    processes = 4242/1900
    """
    done = benchdl("doctor", env=stub_nvml(script))
    lines = done.stdout.splitlines()

    def line(subject):
        (found,) = [printed for printed in lines if printed[10:].startswith(f"{subject}: ")]
        return found

    assert "450.36.06, CUDA up to 12.2, 3 GPUs" in line("GPU driver")
    assert line("GPU 0").startswith("ok        GPU 0: Tesla K80, compute capability 3.7")
    busy = line("GPU 1")
    assert busy.startswith(
        "broken    GPU 1: in use by others: NVIDIA B200, compute capability 10.0"
    )
    assert "2.0 of 79.6 GiB in use, 1 compute process: 4242" in busy
    assert "--gpus" in busy
    assert "update the NVIDIA driver to 450.80.02" in line("theano on GPU 0")


def test_an_image_without_code_for_a_gpu(benchdl, stub_nvml):
    script = "gpus = 2\n[gpu 1]\ncompute_capability = 12.0\n"
    lines = benchdl("doctor", env=stub_nvml(script)).stdout.splitlines()
    assert "ok        tf on GPU 0: runs" in lines
    (second,) = [line for line in lines if " tf on GPU 1" in line]
    assert second.startswith("ok        tf on GPU 1: does not run: compute capability 12.0")
    assert "3.5 to 9.0; choose another GPU" in second


def test_what_the_driver_keeps_of_a_large_gpu_is_no_use_of_it(benchdl, stub_nvml):
    """An idle H100 has 480 MiB of 81,559 in use: NVML counts what the driver reserves."""
    script = "gpus = 2\n[gpu *]\nmemory_total_mib = 143771\nmemory_mib = 850\n"
    lines = benchdl("doctor", env=stub_nvml(script + "[gpu 1]\nmemory_mib = 1600\n")).stdout
    assert "ok        GPU 0: " in lines
    assert "broken    GPU 1: " in lines


def test_an_image_that_the_driver_must_compile_for_a_gpu(benchdl, stub_nvml):
    script = "gpus = 2\n[gpu *]\ncompute_capability = 9.0\n[gpu 1]\ncompute_capability = 8.6\n"
    lines = benchdl("doctor", env=stub_nvml(script)).stdout.splitlines()
    (hopper,) = [line for line in lines if " tf on GPU 0" in line]
    assert hopper.startswith("ok        tf on GPU 0: runs, but has no machine code")
    assert "compute capability 9.0 (up to 8.0)" in hopper
    assert "ok        tf on GPU 1: runs" in lines
    assert "ok        theano on GPU 0: runs" in lines


@pytest.mark.parametrize(
    ("capability", "native"),
    [("3.5", True), ("3.7", True), ("8.9", True), ("9.0", False), ("3.0", False), ("10.0", False)],
)
def test_machine_code_runs_on_its_own_major_version(capability, native):
    assert architectures.native(capability, ["3.5", "7.0", "8.0"]) is native


@pytest.mark.parametrize(
    ("code", "fix"), [(9, "modprobe nvidia"), (18, "reboot"), (999, "install the NVIDIA driver")]
)
def test_a_driver_that_does_not_answer(benchdl, stub_nvml, code, fix):
    lines = benchdl("doctor", env=stub_nvml(f"error = nvmlInit 0 {code}\n")).stdout.splitlines()
    (line,) = [printed for printed in lines if "GPU driver" in printed]
    assert line.startswith("broken ")
    assert fix in line


def test_a_machine_without_any_of_it_is_told_what_to_do(benchdl, tmp_path):
    """No engine, no driver, no data: each is a line with its fix, and the rest is examined."""
    (tmp_path / "libnvidia-ml.so.1").write_text("no library")
    without = {
        "DOCKER_HOST": "unix:///nonexistent.sock",
        "LD_LIBRARY_PATH": str(tmp_path),
        "BENCHDL_DATA": str(tmp_path),
    }
    lines = benchdl("doctor", env=without).stdout.splitlines()
    fixes = {
        "Docker engine": "systemctl start docker",
        "dataset mnist": "benchdl data fetch mnist",
    }
    for subject, fix in fixes.items():
        missing = [line for line in lines if line.startswith(f"broken    {subject}: ")]
        assert missing and all(fix in line.partition("  -> ")[2] for line in missing), subject
    assert "ok        GPU driver: no NVIDIA GPU on this machine: jobs run on the CPU" in lines
    assert not [line for line in lines if " on GPU " in line]


@pytest.fixture
def bus(monkeypatch, tmp_path):
    """A PCI bus; returns what plugs a device in."""
    monkeypatch.setattr(gpu_lines.pci_devices, "FOLDER", tmp_path)

    def plug(address, vendor, kind):
        (tmp_path / address).mkdir()
        (tmp_path / address / "vendor").write_text(f"{vendor}\n")
        (tmp_path / address / "class").write_text(f"{kind}\n")

    return plug


MISSING = Driver(problem="no NVIDIA driver answers (not found)", installed=False)


def test_no_driver_is_no_fault_without_a_gpu(bus):
    bus("0000:00:02.0", "0x8086", "0x030000")  # Intel's graphics
    bus("0000:01:00.1", "0x10de", "0x040300")  # an NVIDIA sound device
    assert gpu_lines._driver(MISSING).state is State.OK


def test_a_gpu_without_its_driver_is_broken(bus):
    bus("0000:01:00.0", "0x10de", "0x030200")
    line = gpu_lines._driver(MISSING)
    assert line.state is State.BROKEN
    assert "there is an NVIDIA GPU at PCI 0000:01:00.0" in line.found
    assert line.fix == "install the NVIDIA driver, or run with --device cpu"


def test_a_driver_that_shows_no_gpu_is_no_fault_where_none_is_plugged_in(bus):
    shown = Driver("580.65.06", "13.0", problem="the NVIDIA driver shows no GPU")
    assert gpu_lines._driver(shown).state is State.OK
    bus("0000:01:00.0", "0x10de", "0x030000")
    assert gpu_lines._driver(shown).state is State.BROKEN


def test_a_gpu_that_no_image_has_code_for_is_broken():
    old = Gpu(0, "GPU-0", "an old one", "3.0")
    lines = gpu_lines._images([catalog.load("tf"), catalog.load("torch")], Driver("580.65.06"), old)
    assert [line.state for line in lines] == [State.BROKEN, State.BROKEN]
    assert all("another backend, or --device cpu" in line.fix for line in lines)


def test_ways_into_containers():
    both = {**INFO, "Runtimes": {"nvidia": {}}, "DefaultRuntime": "nvidia"}
    both["DiscoveredDevices"] = [{"ID": "nvidia.com/gpu=all"}]
    lines = by_subject(gpu_lines._injection(both, wanted=True))
    assert lines["GPUs by CDI"].found == "nvidia.com/gpu=all"
    assert lines["GPUs by runtime"].found == "nvidia, the engine's default"
    (missing,) = gpu_lines._injection(INFO, wanted=True)
    assert missing.state is State.BROKEN
    assert "nvidia-ctk runtime configure" in missing.fix
    (not_needed,) = gpu_lines._injection(INFO, wanted=False)
    assert not_needed.state is State.OK


def test_a_specification_that_the_engine_does_not_see(monkeypatch, tmp_path):
    (tmp_path / "nvidia.json").write_text('{"kind": "nvidia.com/gpu", "devices": [{"name": "0"}]}')
    monkeypatch.setattr(gpu_lines.cdi, "FOLDERS", (str(tmp_path),))
    (line, _) = gpu_lines._injection({"Runtimes": {"nvidia": {}}}, wanted=True)
    assert line.state is State.BROKEN
    assert "features.cdi" in line.fix


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Failed to initialize NVML: Unknown Error", "lost its GPUs"),
        ("NVML: Driver/library version mismatch", "different versions"),
        ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has unsupported display driver", "different"),
        ("RuntimeError: Unexpected error from cudaGetDeviceCount(). error 804: forward "
         "compatibility was attempted on non supported HW", "compatibility library"),
        ("CUDA driver version is insufficient for CUDA runtime version", "older than the image"),
        ("The NVIDIA driver on your system is too old (found version 11040).", "older than the"),
        ("RuntimeError: Found no NVIDIA driver on your system. Please check", "sees no GPU"),
        ("versions_helpers.cc:135: operation cuInit(0) failed: Unknown CUDA error 303; "
         "cuGetErrorName failed. This probably means that JAX was unable to load ...", "no GPU"),
        ("FAILED_PRECONDITION: No visible GPU devices.", "sees no GPU"),
        ("CUDA error: no kernel image is available for execution on the device", "no code for"),
    ],
)  # fmt: skip
def test_known_words_of_drivers(text, meaning):
    assert meaning in troubles.recognise(text).meaning


def test_other_words_are_no_trouble():
    assert troubles.recognise("error 8034 in line 803; the device is fine") is None
