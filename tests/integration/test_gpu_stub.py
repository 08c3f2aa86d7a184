"""The GPU path from the harness to the table, on the stub driver of tests/gpu_stub."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from datetime import datetime, timedelta

import pytest
from gpu_stub.fixtures import BENCHDL, BUSY_MEAN, EIGHT_ONE_BUSY, IMAGE
from printed import rows_by_tool

from harness.tables.columns_machine import READINGS_MIN_S

pytestmark = pytest.mark.docker


def results_of(tmp_path):
    return [json.loads(file.read_text()) for file in (tmp_path / "results").glob("*/result.json")]


def codes(result):
    return {finding["code"]: finding["severity"] for finding in result["findings"]}


def test_one_busy_of_eight_is_1_of_8_with_its_mean(on_stub, tmp_path):
    done = on_stub(EIGHT_ONE_BUSY)
    (row,) = rows_by_tool(done.stdout)
    assert row["GPUs"] == "1/8"
    (result,) = results_of(tmp_path)
    gpu = result["measurement"]["gpu"]
    fit_s = result["measurement"]["phases"]["fit_s"]
    a_reading = 0.1 / fit_s  # the share of one among all: the window may begin and end with either
    of_readings = pytest.approx(BUSY_MEAN, abs=max(1.0, 1.1 * a_reading * BUSY_MEAN))
    if fit_s < READINGS_MIN_S:
        assert row["GPU (%)"] == "-"  # readings of a short window
    else:
        assert float(row["GPU (%)"]) == of_readings
    assert (gpu["state"], gpu["driver"]) == ("ok", "535.161.08")
    assert [device["used"] for device in gpu["devices"]] == [n == 2 for n in range(8)]
    busy = gpu["devices"][2]
    assert busy["utilisation_percent"] == of_readings
    assert busy["memory_peak_bytes"] == 900 * 2**20
    # One reading may fall between the window's begin and the stub's: a busy machine goes on late.
    assert busy["power_mean_w"] == pytest.approx(120, abs=1 + 60 * a_reading)
    assert gpu["devices"][0]["utilisation_percent"] == 0
    assert result["launch"]["injection"] == "runtime"
    assert result["launch"]["hardening"]["runtime"] == "nvidia"
    inside = result["measurement"]["isolation"]
    assert "nvidia7" in inside["nvidia_device_files"]
    assert len(inside["nvml_gpus"]) == 8


def test_nvml_lost_in_mid_run_is_invalid_and_in_no_average(on_stub, tmp_path):
    done = on_stub(EIGHT_ONE_BUSY + "[machine]\nerror = * 1.0 15\n", expect=1)
    (result,) = results_of(tmp_path)
    assert codes(result)["nvml-lost"] == "invalid"
    assert result["measurement"]["gpu"]["state"] == "lost"
    assert "GPU is lost" in result["measurement"]["gpu"]["detail"]
    assert rows_by_tool(done.stdout) == []
    assert "nvml-lost" in done.stdout


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        ("throttle = 0x40\n", "gpu-throttled", "HW thermal slowdown"),
        ("processes = 4242/500\n", "gpu-shared", "1 process of others"),
    ],
)
def test_a_disturbed_gpu_is_found_and_in_no_average(on_stub, tmp_path, trouble, code, words):
    done = on_stub(f"{EIGHT_ONE_BUSY}[gpu 2]\n{trouble}", expect=1)
    (result,) = results_of(tmp_path)
    assert codes(result)[code] == "invalid"
    (finding,) = [found for found in result["findings"] if found["code"] == code]
    assert words in finding["evidence"]
    assert rows_by_tool(done.stdout) == []
    assert "not in the table" in done.stdout


def test_a_process_that_only_the_host_sees_is_found(on_stub, stub_nvml, tmp_path):
    """With current drivers NVML lists to a container only what runs in its own PID namespace."""
    foreign = subprocess.Popen(["sleep", "900"])  # longer than any job
    try:
        host = stub_nvml(f"gpus = 8\n[gpu 2]\nprocesses = {foreign.pid}/500\n")
        done = on_stub(EIGHT_ONE_BUSY, expect=1, **host)
    finally:
        foreign.kill()
        foreign.wait()
    (result,) = results_of(tmp_path)
    assert codes(result)["gpu-shared"] == "invalid"
    (finding,) = [found for found in result["findings"] if found["code"] == "gpu-shared"]
    assert "1 process of others while it trained, seen from the host" in finding["evidence"]
    seen = result["launch"]["gpu_neighbours"]
    assert list(seen.values()) == [0, 0, 1, 0, 0, 0, 0, 0]
    assert rows_by_tool(done.stdout) == []


def lines_and_notes(text):
    """Rows of the dummy in a printed table, and what is noted below it."""
    return rows_by_tool(text), [line for line in text.splitlines() if line.startswith("- NumPy")]


ENOUGH = ("--epochs", 2, "--train-samples", 1000)
"""For a row of its own: some samples of a GPU, and too few updates for a verdict on learning."""


def mismatch(result):
    (finding,) = [found for found in result["findings"] if found["code"] == "cudnn-mismatch"]
    return finding


def test_another_cudnn_than_pinned_is_invalid_and_in_no_average(on_stub, benchdl, tmp_path):
    on_stub(EIGHT_ONE_BUSY, *ENOUGH)
    (good,) = results_of(tmp_path)
    live = good["measurement"]["attestation"]
    assert live["library_versions"] == {"libcudnn.so.8": "8.6.0"}
    assert good["job"]["pins"]["cudnn"] == "8.6.0.163"
    assert "cudnn-mismatch" not in codes(good)

    variants = ("--variant", "default", "--variant", "no-cudnn")
    done = on_stub(EIGHT_ONE_BUSY, *ENOUGH, *variants, cudnn=8500, expect=1)
    found = {
        result["run_id"]: result
        for result in results_of(tmp_path)
        if result["run_id"] != good["run_id"]
    }
    wrong, without = sorted(found.values(), key=lambda result: result["job"]["variant"])
    finding = mismatch(wrong)
    assert finding["severity"] == "invalid"
    said = (
        "the image pins cuDNN 8.6.0.163, loaded: /usr/lib/x86_64-linux-gnu/libcudnn.so.8 8.5.0; "
        "the convolutions run as GpuDnnConv"
    )
    assert finding["evidence"] == said
    assert f"invalid cudnn-mismatch: {said}. something brings its own" in done.stderr
    assert without["measurement"]["attestation"]["libraries"].get("libcudnn.so.8") is None
    assert "cudnn-mismatch" not in codes(without)
    # The campaign's other row stands, alone.
    (line,), notes = lines_and_notes(done.stdout)
    assert "no-cudnn" in line["Tool"]
    assert line["Time (s)"] == f"{without['measurement']['phases']['fit_s']:.1f}"
    (note,) = [text for text in notes if wrong["run_id"] in text]
    assert "invalid, not in the table (" in note and "invalid: cudnn-mismatch" in note
    # A good run of the same configuration keeps its own time: no median of the two.
    whole = benchdl("table", "--results", tmp_path / "results").stdout
    lines, _ = lines_and_notes(whole)
    (line,) = [row for row in lines if "no-cudnn" not in row["Tool"]]
    assert "median" not in line["Tool"]
    assert line["Time (s)"] == f"{good['measurement']['phases']['fit_s']:.1f}"


def test_no_cudnn_is_invalid_and_suspect_where_it_is_allowed(on_stub, tmp_path):
    done = on_stub(EIGHT_ONE_BUSY, *ENOUGH, cudnn=None, expect=1)
    (result,) = results_of(tmp_path)
    assert not [name for name in result["measurement"]["attestation"]["libraries"] if "dnn" in name]
    said = (
        "the image pins cuDNN 8.6.0.163, loaded: none; the convolutions run as GpuCorrMM "
        "(libcudnn.so.8: cannot open shared object file: No such file or directory)"
    )
    assert mismatch(result)["severity"] == "invalid"
    assert mismatch(result)["evidence"] == said
    lines, notes = lines_and_notes(done.stdout)
    assert lines == []
    assert "invalid: cudnn-mismatch" in notes[0]

    done = on_stub(EIGHT_ONE_BUSY, *ENOUGH, "--allow-unpinned", cudnn=None)
    (allowed,) = [stored for stored in results_of(tmp_path) if stored["run_id"] != result["run_id"]]
    assert mismatch(allowed)["severity"] == "suspect"
    assert mismatch(allowed)["evidence"] == f"{said} (allowed by --allow-unpinned)"
    (line,), (note,) = lines_and_notes(done.stdout)
    assert "(suspect)" in line["Tool"]
    assert "suspect: cudnn-mismatch" in note
    assert "suspect cudnn-mismatch: the image pins cuDNN" in done.stderr


def test_devices_gone_from_the_start(on_stub, tmp_path):
    """What a container says after the engine's daemon was reloaded."""
    on_stub("gpus = 1\nerror = nvmlInit 0 999\n", "--epochs", 1, "--train-samples", 300, expect=1)
    (result,) = results_of(tmp_path)
    assert codes(result)["gpu-missing"] == "invalid"
    assert "Unknown Error" in result["measurement"]["gpu"]["detail"]


SHORT = ("--epochs", 1, "--train-samples", 300)


@pytest.mark.parametrize("way", ["runtime", "request"])
@pytest.mark.parametrize(
    ("gpus", "seen"), [("0,2", [0, 2]), ("GPU-00000003-57ab-57ab-57ab-57ab57ab57ab", [3])]
)
def test_chosen_gpus_by_runtime_and_by_device_request(on_stub, tmp_path, way, gpus, seen):
    on_stub("gpus = 4\n", "--injection", way, "--gpus", gpus, *SHORT, expect=None)
    (result,) = results_of(tmp_path)
    assert result["failure"] is None, result["failure"]
    uuids = [f"GPU-{number:08x}-57ab-57ab-57ab-57ab57ab57ab" for number in seen]
    measured = result["measurement"]
    assert measured["isolation"]["nvml_gpus"] == uuids
    assert [device["uuid"] for device in measured["gpu"]["devices"]] == uuids
    files = set(measured["isolation"]["nvidia_device_files"])
    assert files == {"nvidiactl", *(f"nvidia{number}" for number in seen)}
    assert not set(codes(result)) & {"gpu-missing", "gpu-extra"}
    launch = result["launch"]
    assert launch["injection"] == way
    requests = launch["hardening"]["device_requests"]
    if way == "request":
        assert requests[0]["DeviceIDs"] == gpus.split(",")
        assert requests[0]["Capabilities"] == [["gpu", "compute", "utility"]]
        assert launch["hardening"]["runtime"] == "runc"
    else:
        assert not requests
        assert launch["hardening"]["runtime"] == "nvidia"


def test_all_gpus_by_device_request(on_stub, tmp_path):
    on_stub("gpus = 3\n", "--injection", "request", *SHORT, expect=None)
    (result,) = results_of(tmp_path)
    assert len(result["measurement"]["gpu"]["devices"]) == 3
    assert result["launch"]["hardening"]["device_requests"][0]["Count"] == -1


def test_a_gpu_that_is_not_there_is_the_real_error_in_one_line(on_stub, tmp_path):
    on_stub("gpus = 2\n", "--gpus", "7", *SHORT, expect=1)
    (result,) = results_of(tmp_path)
    assert result["failure"]["reason"] == "not-started"
    assert "no such GPU" in result["failure"]["message"]
    assert "benchdl doctor" in result["failure"]["advice"]


def test_cdi_on_an_engine_without_it(on_stub, stub_engine, tmp_path):
    before = stub_engine.client.containers.list(all=True)
    done = on_stub("gpus = 1\n", "--injection", "cdi", *SHORT, expect=1)
    line = done.stderr.strip().splitlines()[-1]
    # An engine that knows CDI has no specification here.
    assert ("does not name that GPU" if stub_engine.has_cdi else "does not support CDI") in line
    assert "nvidia-ctk cdi generate" in line
    assert stub_engine.client.containers.list(all=True) == before


def test_an_image_moved_without_its_base_runs(on_stub, stub_engine, engine, tmp_path):
    base = stub_engine.client.images.get(IMAGE).labels["benchdl.base"]
    stub_engine.client.images.remove(base)
    try:
        done = on_stub("gpus = 1\n", "--epochs", 1, "--train-samples", 300, expect=None)
    finally:
        stub_engine.copy(engine, base)
    assert "pulling" not in done.stderr
    (result,) = results_of(tmp_path)
    assert result["failure"] is None
    assert result["job"]["provenance"]["base"] == base


def test_fewer_gpus_than_asked_for(on_stub, tmp_path):
    """The runtime gave both device files, and the driver shows one: it fell off the bus."""
    on_stub("gpus = 4\n[machine]\nvisible = 1\n", "--gpus", "0,1", *SHORT, expect=1)
    (result,) = results_of(tmp_path)
    assert codes(result)["gpu-missing"] == "invalid"


@pytest.fixture
def nvidia_by_default(stub_engine):
    stub_engine.default_runtime("nvidia")
    yield
    stub_engine.default_runtime("runc")


def test_a_cpu_job_sees_no_gpu_where_the_nvidia_runtime_is_the_default(
    on_stub, stub_engine, tmp_path, nvidia_by_default
):
    stub_engine.script("gpus = 2\n")
    # The trap is set: a container that is not ours, of an image that asks for all, gets them.
    seen = stub_engine.client.containers.run(
        IMAGE,
        ["-c", "ls /dev"],
        entrypoint=["sh"],
        environment={"NVIDIA_VISIBLE_DEVICES": "all"},
        network_mode="none",
        remove=True,
    )
    assert b"nvidia1" in seen
    on_stub("gpus = 2\n", *SHORT, device="cpu", expect=None)
    (result,) = results_of(tmp_path)
    inside = result["measurement"]["isolation"]
    assert inside["nvidia_device_files"] == []
    assert inside["nvml_gpus"] is None
    assert result["measurement"]["gpu"]["state"] == "hidden"
    assert "gpu-visible" not in codes(result)
    assert result["launch"]["hardening"]["runtime"] == "runc"


def test_parallel_gpus_run_side_by_side_and_never_two_on_one(on_stub, tmp_path):
    each = len(os.sched_getaffinity(0)) // 2  # cores that the containers are kept within
    on_stub(
        "gpus = 2\n", "--parallel-gpus", "--gpus", "0,1", "--cores-per-gpu", each, "--repeat", 4,
        *SHORT, expect=None,
    )  # fmt: skip
    results = results_of(tmp_path)
    for result in results:
        allotted = result["launch"]["allotment"]
        assert len(allotted["cores"]) == allotted["cores_per_gpu"] == each
        assert result["measurement"]["cpu"]["visible_cores"] == each
        assert not set(codes(result)) & {"own-neighbour", "beyond-allotment"}
    assert len(results) == 4
    spans = {}
    for result in results:
        (gpu,) = result["job"]["gpus"]
        assert result["failure"] is None, result["failure"]
        assert len(result["measurement"]["gpu"]["devices"]) == 1
        assert not set(codes(result)) & {"gpu-missing", "gpu-extra"}
        ends = datetime.fromisoformat(result["finished_at"])
        span = timedelta(seconds=result["launch"]["wall_s"])
        spans.setdefault(gpu, []).append((ends - span, ends))
    assert sorted(spans) == ["0", "1"]
    second = timedelta(seconds=1)  # the resolution of finished_at
    for times in spans.values():
        times.sort()
        for before, after in itertools.pairwise(times):
            assert before[1] <= after[0] + second
    first, second_gpu = spans["0"][0], spans["1"][0]
    assert first[0] < second_gpu[1] and second_gpu[0] < first[1]


def test_ctrl_c_ends_all_parallel_jobs(stub_engine, dummy_root, tmp_path):
    stub_engine.script("gpus = 2\n")
    command = [BENCHDL, "run", "dummy", "--launcher", "docker", "--device", "gpu", "--repeat", "4"]
    command += ["--parallel-gpus", "--gpus", "0,1", "--dataset", "synthetic-mnist"]
    command += ["--set", "environment.DUMMY_MODE=hang", "--results", tmp_path / "results"]
    env = {
        **os.environ,
        "DOCKER_HOST": stub_engine.host,
        "BENCHDL_ROOT": str(dummy_root),
        "BENCHDL_CACHE": str(stub_engine.folder / "cache"),
    }
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    labelled = {"label": "benchdl.run_id"}
    deadline = time.monotonic() + 300
    while len(stub_engine.client.containers.list(filters=labelled)) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert stub_engine.client.containers.list(all=True, filters=labelled) == []
    assert [result["status"] for result in results_of(tmp_path)] == ["interrupted"] * 2
