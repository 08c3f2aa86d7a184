"""On a real NVIDIA GPU: NVML as the driver gives it, and the stub's scenarios where they apply.

``make test-gpu``; elsewhere every test is skipped and says why.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import catalog
from harness.nvidia import host_driver
from runner import attest
from runner.meters.gpu_meter import open_gpus
from runner.sampler import Sampler

pytestmark = pytest.mark.gpu
BENCHDL = Path(sys.executable).parent / "benchdl"
DRIVER = host_driver.examine()
NEEDED = pytest.mark.skipif(not DRIVER.gpus, reason=f"no real GPU here: {DRIVER.problem}")
IN_DOCKER = ["--launcher", "docker", "--make-base", "--epochs", "1", "--train-samples", "4000"]


@NEEDED
def test_every_gpu_has_its_facts():
    assert re.fullmatch(r"\d+(\.\d+)+", DRIVER.version or "")
    assert re.fullmatch(r"\d+\.\d", DRIVER.cuda or "")
    for gpu in DRIVER.gpus:
        assert gpu.uuid.startswith(("GPU-", "MIG-"))
        assert re.fullmatch(r"\d+\.\d", gpu.compute_capability or "")
        assert gpu.memory_total_bytes and gpu.memory_used_bytes is not None
        assert gpu.memory_total_bytes > gpu.memory_used_bytes


@NEEDED
def test_the_runner_and_the_harness_see_the_same_gpus():
    uuids = [gpu.uuid for gpu in DRIVER.gpus]
    assert attest.isolation().nvml_gpus == uuids
    assert [device.uuid for device in open_gpus().facts.devices] == uuids
    only = open_gpus(only=[uuids[-1]])
    assert [device.index for device in only.facts.devices] == [len(uuids) - 1]


@NEEDED
def test_readings_are_there(tmp_path):
    out = tmp_path / "samples.csv"
    with Sampler(out, 0.1) as sampler:
        pass
    assert sampler.end and sampler.end.ok, sampler.end
    header, *rows = out.read_text().splitlines()
    first = dict(zip(header.split(","), rows[0].split(","), strict=True))
    assert float(first["gpu0_memory_bytes"]) > 0
    assert float(first["gpu0_power_w"]) > 0
    assert 0 < float(first["gpu0_temperature_c"]) < 120


@NEEDED
def test_doctor_lists_them(benchdl):
    said = benchdl("doctor").stdout
    for gpu in DRIVER.gpus:
        assert gpu.uuid in said
    assert f"tf on GPU {DRIVER.gpus[0].index}: " in said


@pytest.fixture
def run(engine, tmp_path, mnist_dir):
    def call(*arguments, expect=None):
        command = [BENCHDL, "run", *arguments, *IN_DOCKER, "--data-dir", mnist_dir]
        done = subprocess.run(
            [*command, "--results", tmp_path / "results"],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=3000,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        files = (tmp_path / "results").glob("*/result.json")
        return done, [json.loads(file.read_text()) for file in files]

    return call


@NEEDED
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("backend", catalog.having("cnn-mnist"))
def test_a_backend_trains_on_the_first_gpu(run, backend):
    done, results = run(backend, "--device", "gpu", "--gpus", "0")
    assert results, done.stderr
    (result,) = results
    assert result["failure"] is None, result["failure"]
    measured = result["measurement"]
    assert measured["attestation"]["device"] == "gpu"
    assert measured["isolation"]["nvml_gpus"] == [DRIVER.gpus[0].uuid]
    assert measured["gpu"]["devices"][0]["used"]
    codes = {finding["code"] for finding in result["findings"]}
    assert not codes & {"gpu-missing", "gpu-extra", "nvml-lost", "other-device"}


@NEEDED
def test_a_cpu_job_sees_no_gpu(run):
    done, results = run("tf", "--device", "cpu")
    assert results, done.stderr
    inside = results[0]["measurement"]["isolation"]
    assert inside["nvidia_device_files"] == []
    assert inside["nvml_gpus"] is None
