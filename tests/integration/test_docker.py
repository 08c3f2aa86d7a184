"""Real jobs in real containers: every backend, the hardening, and every way to go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import catalog

# The time is for a build of an image, where it is not here.
pytestmark = [pytest.mark.docker, pytest.mark.beside, pytest.mark.timeout(1900)]
BENCHDL = Path(sys.executable).parent / "benchdl"
REPO = Path(__file__).parent.parent.parent
ON_ENGINE = ["--launcher", "docker", "--make-base", "--idle-wait", "0"]
IN_DOCKER = [*ON_ENGINE, "--device", "cpu"]
SMALL = ["--dataset", "synthetic-mnist", "--train-samples", "1000"]
STAND_IN = [*SMALL, "--epochs", "1"]


@pytest.fixture
def run(engine, cache, tmp_path, dummy_root):
    def call(*args, expect=0, dummy=False, device="cpu"):
        env = dict(
            os.environ
        )  # with the user's cache: what Theano compiled for this image is there
        if dummy:
            env |= {"BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)}
        done = subprocess.run(
            [BENCHDL, "run", *ON_ENGINE, "--device", device, *args,
             "--json", "--results", tmp_path / "results"],
            env=env,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect, done.stderr
        return done

    return call


def result_of(tmp_path, run_id=None):
    pattern = f"{run_id}/result.json" if run_id else "*/result.json"
    (file,) = (tmp_path / "results").glob(pattern)
    return json.loads(file.read_text())


def ours(engine, tmp_path):
    """Containers of this test: their job folder is in its own, whatever else runs on the engine."""
    found = engine.containers.list(
        all=True, filters={"label": "benchdl.run_id"}, ignore_removed=True
    )
    return [
        container
        for container in found
        if any(m["Source"].startswith(f"{tmp_path}/") for m in container.attrs["Mounts"])
    ]


# One thread: several of a framework spin, and beside other tests take five times as long. XLA has
# threads of its own all the same.
@pytest.mark.parametrize(
    ("backend", "mode"),
    [
        pytest.param(name, mode, marks=pytest.mark.alone if "jax" in name else ())
        for name in catalog.having("cnn-mnist")
        for mode in catalog.load(name).modes
    ],
)
def test_backend_trains_in_its_image(run, tmp_path, backend, mode):
    # The real set where this machine has it, else the stand-in: the container must run either way.
    real = Path(os.environ.get("BENCHDL_DATA") or REPO.parent / "shared" / "data" / "mnist")
    data = ["mnist", "--data-dir", str(real)] if real.is_dir() else ["synthetic-mnist"]
    args = ["--dataset", *data, "--mode", mode]
    done = run(backend, *args, "--epochs", "2", "--train-samples", "6000", "--threads", "1")
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect"), row
    assert row["dataset"] == data[0]
    assert row["mode"] == mode
    anew = mode == "tuned" and backend in ("jax", "keras3-jax")
    assert row["convolutions"] == ("rewritten" if anew else None)
    assert row["parameters"] == 65_402
    assert row["launcher"] == "docker"
    assert 0 < row["error_rate_percent"] < 25  # 94 updates: 4 to 9 % were seen
    assert row["gpu_percent"] is None
    result = result_of(tmp_path)
    live = result["measurement"]["attestation"]
    assert live["device"] == "cpu"
    for package, version in result["job"]["pins"]["packages"].items():
        assert live["packages"][package].partition("+")[0] == version
    origin = result["job"]["provenance"]
    assert origin["image_id"].startswith("sha256:")
    assert origin["base_id"].startswith("sha256:")
    assert origin["debian_packages"]["libc6"]
    assert origin["locks_sha256"]["requirements.lock"]


def test_hardening_seen_from_outside_and_inside(engine, cache, tmp_path, dummy_root):
    process = start_hanging(cache, tmp_path, dummy_root)
    try:
        container = at_work(engine, tmp_path, process)
        container.reload()
        host = container.attrs["HostConfig"]
        assert host["NetworkMode"] == "none"
        assert host["ReadonlyRootfs"] is True
        assert host["Privileged"] is False
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["PidsLimit"] > 0
        assert host["Memory"] > 0
        assert container.attrs["Config"]["User"].split(":")[0] not in ("", "0", "root")
        writable = {m["Destination"]: m["RW"] for m in container.attrs["Mounts"]}
        data = {place: rw for place, rw in writable.items() if place.startswith("/data/")}
        assert list(data.values()) == [False] * 4  # each verified file by itself
        assert writable == {"/job": True, "/cache": True, **data}
        assert host["CgroupnsMode"] == host["IpcMode"] == "private"
        limits = {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]}
        assert limits == {"core": 0, "fsize": 4 * 2**30, "nofile": 16_384}
        # What a bind mount cannot refuse on its own: a device, and the right of a file's owner.
        tried = "mknod /job/null c 1 3; cp /bin/true /job/; chmod 4755 /job/true; head -c1 /dev/sda"
        status = "grep -c 'NoNewPrivs:.*1' /proc/self/status"
        said = container.exec_run(["sh", "-c", f"{tried}; ls /job; {status}"]).output.decode()
        assert "mknod: /job/null: Operation not permitted" in said
        assert "null" not in said.splitlines()
        assert said.splitlines()[-1] == "1"
        assert "NVIDIA_VISIBLE_DEVICES=void" in container.attrs["Config"]["Env"]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=300)
    assert ours(engine, tmp_path) == []


def test_hardening_is_in_the_result(run, tmp_path):
    run("dummy", *STAND_IN, dummy=True)
    result = result_of(tmp_path)
    outside, inside = result["launch"]["hardening"], result["measurement"]["isolation"]
    assert outside["network_mode"] == "none"
    assert outside["read_only_root"] is True
    assert outside["cap_drop"] == ["ALL"]
    data = [how for place, how in outside["mounts"].items() if place.startswith("/data/")]
    assert data == ["ro"] * 4
    assert "not_applied" not in outside
    assert {where for where, how in outside["mounts"].items() if how == "rw"} == {"/job", "/cache"}
    assert inside["uid"] != 0
    assert int(inside["capabilities_effective"], 16) == 0
    assert inside["no_new_privileges"] is True
    assert inside["root_read_only"] is True
    assert inside["memory_limit_bytes"] == outside["memory_limit_bytes"]
    assert inside["nvidia_device_files"] == []
    assert "eth0" not in inside["network_interfaces"]
    assert "not-isolated" not in [finding["code"] for finding in result["findings"]]


@pytest.mark.parametrize(
    ("mode", "more", "reason"),
    [
        ("crash", [], "crashed"),
        ("exit0", [], "no-result"),
        ("invalid-json", [], "invalid-result"),
        ("wrong-id", [], "invalid-result"),
        ("huge", [], "invalid-result"),
        ("hang", ["--timeout", "15"], "timeout"),
        ("memory", ["--memory", "0.5"], "out-of-memory"),
    ],
)
def test_a_container_that_goes_wrong_is_a_failed_result(run, engine, tmp_path, mode, more, reason):
    done = run("dummy", *STAND_IN, *more, "--set", f"environment.DUMMY_MODE={mode}", dummy=True,
               expect=1)  # fmt: skip
    result = result_of(tmp_path)
    assert result["status"] == "failed"
    assert result["failure"]["reason"] == reason
    assert result["failure"]["advice"]
    assert json.loads(done.stdout)[0]["time_s"] is None
    assert ours(engine, tmp_path) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_removes_the_container_and_records_the_job(
    run, engine, cache, tmp_path, dummy_root, sign
):
    run("dummy", *STAND_IN, dummy=True)
    earlier = {p: p.read_bytes() for p in (tmp_path / "results").glob("*/result.json")}
    process = start_hanging(cache, tmp_path, dummy_root)
    at_work(engine, tmp_path, process)
    process.send_signal(sign)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert ours(engine, tmp_path) == []
    now = {p: p.read_bytes() for p in (tmp_path / "results").glob("*/result.json")}
    assert {p: now[p] for p in earlier} == earlier
    (new,) = set(now) - set(earlier)
    assert json.loads(now[new])["status"] == "interrupted"


def test_a_killed_container_is_a_failed_result(engine, cache, tmp_path, dummy_root):
    process = start_hanging(cache, tmp_path, dummy_root)
    at_work(engine, tmp_path, process).kill()
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 1
    result = result_of(tmp_path)
    assert result["failure"]["reason"] == "crashed"
    assert "signal 9" in result["failure"]["message"]
    assert "Traceback" not in stderr


# A framework may take signals for itself; that a container is killed is nothing that it could see.
@pytest.mark.parametrize(
    ("backend", "way"),
    [("tf", "killed"), ("tf", "timeout"), *((name, "interrupted") for name in catalog.names())],
)
def test_every_backend_can_be_ended_at_work(engine, tmp_path, backend, way):
    limit = ["--timeout", "5"] if way == "timeout" else []
    process = start(tmp_path, backend, *of_minutes(backend), *limit)
    if way != "timeout":  # it is over after 5 s, whether anybody saw it by then or not
        container = at_work(engine, tmp_path, process)
    if way == "killed":
        container.kill()
    if way == "interrupted":
        process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=1800 if way == "timeout" else 300)
    assert "Traceback" not in stderr
    assert process.returncode == (130 if way == "interrupted" else 1)
    result = result_of(tmp_path)
    assert result["status"] == ("interrupted" if way == "interrupted" else "failed")
    reasons = {"killed": "crashed", "interrupted": "interrupted", "timeout": "timeout"}
    assert result["failure"]["reason"] == reasons[way]
    assert result["measurement"] is None
    assert ours(engine, tmp_path) == []


def test_gpu_asked_for_and_absent_is_one_line_with_the_fix(run, engine, tmp_path):
    if "nvidia" in engine.info().get("Runtimes", {}):
        pytest.skip("this engine has an NVIDIA runtime")
    done = run("tf", *STAND_IN, device="gpu", expect=1)
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("benchdl: asking the engine for a GPU")
    assert "nvidia-container-toolkit" in line
    assert ours(engine, tmp_path) == []


def of_minutes(backend):
    """What the backend trains for longer than any test takes."""
    if catalog.load(backend).runs("cnn-mnist"):
        return [*SMALL, "--epochs", "1000"]
    rows = ["--dataset", "synthetic-flights", "--train-samples", "2000"]
    return ["--workload", "boosting-flights", *rows, "--budget", "100000"]


def start(tmp_path, *args, **more):
    command = [BENCHDL, "run", *IN_DOCKER, *args, "--results", tmp_path / "results"]
    env = {**os.environ, **more}
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def start_hanging(cache, tmp_path, dummy_root):
    hang = ["--set", "environment.DUMMY_MODE=hang"]
    own = {"BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)}
    return start(tmp_path, "dummy", *STAND_IN, *hang, **own)


def at_work(engine, tmp_path, process):
    """The container of this test, once its job trains; one that was only made can neither be
    killed nor looked into."""
    (container,) = wait_for(lambda: ours(engine, tmp_path), process)
    wait_for(lambda: '"phase": "fit"' in container.logs().decode(), process)
    return container


def wait_for(look, process, timeout_s=1800.0):
    """What ``look`` finds while the process that makes it runs."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return found
