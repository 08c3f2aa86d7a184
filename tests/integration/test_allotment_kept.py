"""What was allotted to benchdl is what its jobs get, in both launchers: real limits, real jobs."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHDL = Path(sys.executable).parent / "benchdl"
GIB = 2**30
RUN = ["run", "dummy", "--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "1000",
       "--idle-wait", "0", "--cool-down", "0", "--make-base", "--json"]  # fmt: skip
CORE = max(os.sched_getaffinity(0))
two_cores = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="one core only: none can be kept from a job"
)


@pytest.fixture(scope="module")
def home(cache, dummy_root):
    return {**os.environ, "BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)}


@pytest.fixture
def run(home, tmp_path):
    """Run the command as a batch system does; returns the only result, or what a refusal says."""

    def call(*args, before=(), env=None, group=None, expect=0, into="results"):
        done = subprocess.run(
            [*before, BENCHDL, *RUN, *args, "--results", tmp_path / into],
            env={**home, **(env or {})},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            preexec_fn=group,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect or expect is None, done.stderr
        files = list((tmp_path / into).glob("*/result.json"))
        if expect == 2:
            assert files == []
            return done.stderr
        (file,) = files
        return json.loads(file.read_text())

    return call


def codes(result):
    return [finding["code"] for finding in result["findings"]]


@pytest.mark.docker
@pytest.mark.beside
@two_cores
def test_a_container_gets_the_cores_of_taskset(engine, run):
    asked = ("--launcher", "docker", "--device", "cpu")
    said = run(*asked, "--memory", "2", env={"SLURM_MEM_PER_NODE": "1024"}, expect=2)
    assert "--memory 2 is more than was allotted: 1 GiB (SLURM_MEM_PER_NODE)" in said
    result = run(*asked, before=["taskset", "-c", str(CORE)])
    assert result["measurement"]["cpu"]["visible_cores"] == 1
    assert result["launch"]["hardening"]["cpuset_cpus"] == str(CORE)
    assert result["launch"]["machine"].split(", ")[-2] == "1 core"
    assert result["launch"]["allotment"]["cores"] == [CORE]
    assert result["launch"]["allotment"]["sources"] == {"cores": "CPU affinity"}
    assert "beyond-allotment" not in codes(result)


@pytest.fixture
def group():
    """A control group of half a core and 3 GiB, and how a process goes into it."""
    name = f"benchdl-test-{secrets.token_hex(4)}"
    v1 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/memory")
    old = all(place.is_dir() for place in v1)
    cpu, memory = (place / name for place in (v1 if old else (Path("/sys/fs/cgroup"),) * 2))
    # Of two cores that others use as well, it gets its half a core all the same.
    weight = cpu / ("cpu.shares" if old else "cpu.weight")
    texts = {
        weight: "262144" if old else "10000",
        cpu / ("cpu.cfs_quota_us" if old else "cpu.max"): "50000" if old else "50000 100000",
        memory / ("memory.limit_in_bytes" if old else "memory.max"): str(3 * GIB),
    }
    made = list(dict.fromkeys((cpu, memory)))

    def join():
        for folder in made:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    try:
        try:
            for folder in made:
                folder.mkdir()
            for file, text in texts.items():
                file.write_text(text)
        except OSError as error:
            pytest.skip(f"no control group can be made here: {error}")
        yield join
    finally:
        for folder in made:
            if folder.is_dir():
                folder.rmdir()


@pytest.mark.docker
@pytest.mark.beside
def test_a_container_gets_quota_and_memory_of_the_control_group(engine, run, group):
    result = run("--launcher", "docker", "--device", "cpu", group=group)
    found, outside = result["launch"]["allotment"], result["launch"]["hardening"]
    assert (found["quota_cores"], len(found["cores"]), found["memory_bytes"]) == (0.5, 1, 3 * GIB)
    assert outside["nano_cpus"] == 500_000_000
    assert outside["memory_limit_bytes"] == pytest.approx(0.9 * 3 * GIB, abs=4096)
    assert result["measurement"]["isolation"]["memory_limit_bytes"] == outside["memory_limit_bytes"]
    assert result["measurement"]["cpu"]["visible_cores"] == 1
    assert result["measurement"]["cpu"]["quota_cores"] == 0.5  # as the container sees it
    assert result["measurement"]["cpu"]["throttled_periods"] is not None
    assert result["launch"]["host_type"]["quota_cores"] == 0.5
    assert result["launch"]["machine"].endswith(", 1 core (quota 0.5), 3 GiB")


@two_cores
def test_a_local_job_gets_the_cores_that_a_batch_system_counts(run, home, tmp_path):
    local = ("--launcher", "local", "--device", "cpu")
    slots = {"NSLOTS": "1"}
    said = run(*local, "--threads", "2", env=slots, expect=2)
    assert "--threads 2 is more than was allotted: 1 core (NSLOTS)" in said
    result = run(*local, env=slots, group=lambda: os.umask(0o000))
    assert result["measurement"]["cpu"]["visible_cores"] == 1
    assert len(result["launch"]["allotment"]["cores"]) == 1
    made = [
        tmp_path / "results",
        *(tmp_path / "results").rglob("*"),
        *Path(home["BENCHDL_CACHE"]).rglob("*"),
    ]
    open_to_all = [path for path in made if not path.is_symlink() and path.stat().st_mode & 0o002]
    # What a job compiles is open to whatever user it runs as, below a folder that only we enter.
    assert [path for path in open_to_all if "compiled" not in path.parts] == []


def test_a_local_job_gets_the_gpus_that_were_allotted(run, stub_nvml):
    """Three GPUs in the machine, as the driver's library shows them; one of them is ours."""
    host = {**stub_nvml("gpus = 3\n"), "CUDA_VISIBLE_DEVICES": "1"}
    local = ("--launcher", "local", "--device", "gpu", "--allow-unpinned")
    said = run(*local, "--gpus", "0,1", env=host, expect=2)
    assert "--gpus 0,1: 0 was not allotted (CUDA_VISIBLE_DEVICES=1)" in said
    said = run(*local, env={**host, "CUDA_VISIBLE_DEVICES": ""}, expect=2)
    assert "no GPU was allotted (CUDA_VISIBLE_DEVICES=)" in said
    script = f"environment.BENCHDL_STUB_SCRIPT={host['BENCHDL_STUB_SCRIPT']}"
    # A run of under a second is suspect, a longer one invalid: in a stub nothing is busy.
    result = run(*local, "--set", script, env=host, expect=None)
    assert result["job"]["gpus"] == ["1"]
    assert result["launch"]["allotment"]["gpus"] == ["1"]
    assert [gpu["index"] for gpu in result["measurement"]["gpu"]["devices"]] == [1]


@pytest.mark.alone
@two_cores
def test_stores_with_and_without_a_quota_are_kept_apart(run, group, benchdl, tmp_path):
    """Two real stores, from half a core's time and from all cores, looked at together."""
    local = ("--launcher", "local", "--device", "cpu")
    short = run(*local, group=group, into="quota", expect=None)
    whole = run(*local, into="free", expect=None)
    assert short["launch"]["host_type"]["quota_cores"] == 0.5
    assert whole["launch"]["host_type"]["quota_cores"] is None
    (throttled,) = [finding for finding in short["findings"] if finding["code"] == "cpu-throttled"]
    assert throttled["severity"] == "suspect"
    assert "a quota of 0.5 cores stopped the job in" in throttled["evidence"]
    assert "cpu-throttled" not in codes(whole)

    # Its results copied beside these, as the documents say.
    for folder in ("quota", "free"):
        for file in (tmp_path / folder).glob("*/result.json"):
            shutil.copytree(file.parent, tmp_path / "both" / file.parent.name)
    shown = benchdl("table", "--results", tmp_path / "both").stdout
    assert "median of 2" not in shown
    captions = [line for line in shown.splitlines() if line.startswith("**")]
    assert len(captions) == 2
    assert sum("1 core (quota 0.5)" in caption for caption in captions) == 1
    assert re.search(rf"suspect \(.*cpu-throttled.*\) {short['run_id']}", shown)
    sides = benchdl("table", "--by", "instance", "--results", tmp_path / "both").stdout
    lines = [line for line in sides.splitlines() if re.match(r"\| .* GiB .*%", line)]
    assert sum("quota 0.5" in line for line in lines) == 1
    assert len(lines) == 2
    rows = json.loads(benchdl("table", "--format", "json", "--results", tmp_path / "both").stdout)
    machines = {row["run_id"]: row["machine"] for row in rows}
    assert machines[short["run_id"]] != machines[whole["run_id"]]

    compared = benchdl("compare", tmp_path / "quota", tmp_path / "free").stdout
    assert "differ, as asked, in machine (" in compared
    assert "1 core (quota 0.5)" in compared
    assert re.search(r"has only suspect runs \(.*cpu-throttled", compared)

    page = benchdl("report", "--format", "md", "--results", tmp_path / "both").stdout
    assert "median of 2" not in page
    assert "quota 0.5" in page
