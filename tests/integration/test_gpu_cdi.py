"""GPUs by CDI, from the choice of the way to what NVML shows inside, on the stub driver.

Needs an engine that knows CDI, 25 or newer: put its ``dockerd`` on PATH. Debian 12 has 20.10, where
these are skipped; what that one says when it is asked is tested in test_gpu_stub.py.
"""

from __future__ import annotations

import json

import pytest
from gpu_stub.fixtures import CDI_SINCE

UUIDS = [f"GPU-{number:08x}-57ab-57ab-57ab-57ab57ab57ab" for number in range(4)]
SHORT = ("--epochs", 1, "--train-samples", 300)
SCRIPT = "gpus = 4\n"


@pytest.fixture
def on_cdi(on_stub, stub_engine, tmp_path):
    """``on_stub`` while the engine has a CDI specification; returns what was said, and results."""
    if not stub_engine.has_cdi:
        pytest.skip(f"the dockerd here is older than {CDI_SINCE}: it has no CDI")

    def run(*arguments, expect=None, **options):
        done = on_stub(SCRIPT, *arguments, *SHORT, expect=expect, **options)
        files = (tmp_path / "results").glob("*/result.json")
        return done, [json.loads(file.read_text()) for file in files]

    stub_engine.script(SCRIPT)
    stub_engine.name_gpus(UUIDS)
    yield run
    stub_engine.name_gpus([])


@pytest.mark.parametrize(
    ("gpus", "seen"), [(["--gpus", "0,2"], [0, 2]), (["--gpus", UUIDS[3]], [3]), ([], [0, 1, 2, 3])]
)
def test_cdi_is_chosen_and_gives_the_gpus_asked_for(on_cdi, gpus, seen):
    done, (result,) = on_cdi(*gpus)
    assert "injection: cdi, the engine's CDI specification names the GPUs" in done.stderr
    assert result["failure"] is None, result["failure"]
    assert result["launch"]["injection"] == "cdi"
    assert result["launch"]["hardening"]["runtime"] == "runc"
    inside = result["measurement"]["isolation"]
    assert inside["nvml_gpus"] == [UUIDS[number] for number in seen]
    assert set(inside["nvidia_device_files"]) == {"nvidiactl", *(f"nvidia{n}" for n in seen)}
    codes = {finding["code"] for finding in result["findings"]}
    assert not codes & {"gpu-missing", "gpu-extra"}


def test_cdi_under_nvidia_as_default_runtime_gives_no_more(on_cdi, stub_engine):
    stub_engine.default_runtime("nvidia")
    try:
        _, (result,) = on_cdi("--gpus", "1")
    finally:
        stub_engine.default_runtime("runc")
    assert result["measurement"]["isolation"]["nvml_gpus"] == [UUIDS[1]]


def test_a_cpu_job_sees_no_gpu(on_cdi):
    _, (result,) = on_cdi(device="cpu")
    assert result["measurement"]["isolation"]["nvidia_device_files"] == []
    assert result["measurement"]["isolation"]["nvml_gpus"] is None


def test_a_gpu_that_the_specification_does_not_name_is_one_line(on_cdi):
    _, (result,) = on_cdi("--injection", "cdi", "--gpus", "7", expect=1)
    assert result["failure"]["reason"] == "not-started"
    assert "does not name that GPU" in result["failure"]["message"]
    assert "nvidia-ctk cdi generate" in result["failure"]["advice"]


def test_doctor_lists_what_the_engine_discovered(on_cdi, stub_engine, stub_nvml, benchdl):
    said = benchdl("doctor", env={**stub_nvml(SCRIPT), "DOCKER_HOST": stub_engine.host}).stdout
    (line,) = [printed for printed in said.splitlines() if "GPUs by CDI" in printed]
    assert "nvidia.com/gpu=all" in line
    assert f"nvidia.com/gpu={UUIDS[3]}" in line
