"""Jobs that several ranks share, on a CPU: the weights are those of one rank, and of NumPy.

Each backend that has the strategy takes three updates with 8 ranks as written and with 2 tuned,
then in bfloat16 as well where it has that; the weights are held against NumPy's on the same
batches, as in every proof of an image (:mod:`runner.proving`), and against one rank's alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time

import docker
import psutil
import pytest
from avx512 import LACKING, lacks_kernels
from conftest import BENCHDL

from harness import catalog, marks

SHARING = [
    (name, mode)
    for name in catalog.names()
    if "data-parallel" in catalog.load(name).spec.strategies
    for mode in catalog.load(name).modes
]
RUN = ("run", "torch", "--launcher", "docker", "--device", "cpu", "--strategy", "data-parallel",
       "--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "1000",
       "--idle-wait", "0", "--no-conform", "--json")  # fmt: skip

_JUDGE_AND_TRAINER = 2


def benchdl_of(tmp_path, *words, timeout=1800, **variables):
    return subprocess.run(
        [str(BENCHDL), *words],
        env={**os.environ, "BENCHDL_RESULTS": str(tmp_path / "results"), **variables},
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def only_result(tmp_path):
    (file,) = (tmp_path / "results").glob("*/result.json")
    return json.loads(file.read_text())


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(1900)
@pytest.mark.parametrize(("name", "mode"), SHARING)
def test_ranks_make_the_updates_of_one(engine, tmp_path, name, mode):
    ranks = 8 if mode == "as-written" else 2
    mixed = mode == "tuned" and "bfloat16" in catalog.load(name).precisions("cpu")
    precision, coarser = ("bfloat16", "-in-bfloat16") if mixed else ("float32", "")
    done = benchdl_of(
        tmp_path, "conform", name, "--mode", mode, "--launcher", "docker", "--device", "cpu",
        "--strategy", "data-parallel", "--ranks", str(ranks), "--json",
        "--precision", precision,
    )  # fmt: skip
    if mixed and lacks_kernels(name):
        assert done.returncode == 1
        assert LACKING in done.stdout
        return
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads(done.stdout)
    held = [check["name"] for check in found["checks"] if not check["skipped"]]
    of_ranks = ["ranks-alike", "one-rank"]
    in_format = [f"update{coarser}"] if coarser else []
    if coarser:
        of_ranks += [f"{checked}{coarser}" for checked in of_ranks]
    assert held == ["updates", "update", *in_format, *of_ranks, "float32"]
    if coarser:
        checks = {check["name"]: check for check in found["checks"]}
        update = checks[f"update{coarser}"]
        assert update["seen"] <= update["tolerance"] < 0.4
        # Rounded to 8 bits something differs: float32 is a thousand times nearer.
        assert update["seen"] > checks["update"]["seen"]


def test_every_tool_with_bfloat16_on_a_cpu_is_proven_in_it_here():
    mixed = {name for name in catalog.names() if "bfloat16" in catalog.load(name).precisions("cpu")}
    assert mixed <= {name for name, mode in SHARING if mode == "tuned"}


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(600)
def test_each_rank_of_a_job_is_in_its_result(engine, tmp_path):
    done = benchdl_of(tmp_path, *RUN, "--ranks", "2")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["ranks"], row["batch_size"]) == (2, 128)
    assert "ranks-" not in str(row["findings"])
    assert "strategy data-parallel over 2" in row["settings"]
    first, second = only_result(tmp_path)["measurement"]["ranks"]
    assert (first["number"], second["number"]) == (0, 1)
    assert first["pid"] != second["pid"]
    assert first["updates"] == second["updates"] == 8
    assert first["weights_sha256"] == second["weights_sha256"]


@pytest.fixture
def job_with_a_rank(engine, tmp_path):
    """A job of two ranks that trains for long; gives the process of its second rank as well."""
    words = [word.replace("1000", "10000") for word in RUN]
    words[words.index("--epochs") + 1] = "1000"
    started = []

    def start(*more, used_s=4.0):
        running = subprocess.Popen(
            [str(BENCHDL), *words, "--ranks", "2", *more],
            env={**os.environ, "BENCHDL_RESULTS": str(tmp_path / "results")},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(running)
        return running, _second_rank(engine, running, used_s)

    yield start
    for running in started:
        running.terminate()
        running.communicate()


def _second_rank(engine, running, used_s):
    """The process below a trainer, once it used so much CPU time: the judge is above that."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        labelled = {"label": marks.HARNESS_LABEL}
        # Those of other tests end meanwhile.
        for container in engine.containers.list(filters=labelled, ignore_removed=True):
            if container.labels[marks.HARNESS_LABEL].split(":")[-2] == str(running.pid):
                # A process that a runner starts for a moment may be gone again.
                with contextlib.suppress(psutil.NoSuchProcess):
                    found = _below_a_trainer(container)
                    if found and found.cpu_times().user >= used_s:
                        return found
        assert running.poll() is None, running.communicate()
        time.sleep(0.5)
    raise AssertionError("no second rank came")


def _below_a_trainer(container):
    try:
        told = container.top()
    except docker.errors.APIError:  # it is not up yet
        return None
    pid, command = told["Titles"].index("PID"), told["Titles"].index("CMD")
    runners = {  # the container's init has the runner's command after its own
        int(line[pid])
        for line in told["Processes"]
        if "-m runner /job" in line[command] and "init" not in line[command]
    }
    for process in map(psutil.Process, runners):
        if sum(parent.pid in runners for parent in process.parents()) == _JUDGE_AND_TRAINER:
            return process
    return None


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(900)
def test_a_rank_that_is_killed_fails_the_job_with_its_name(tmp_path, job_with_a_rank):
    running, rank = job_with_a_rank()
    rank.kill()
    running.communicate(timeout=300)
    failure = only_result(tmp_path)["failure"]
    assert failure["reason"] == "rank-lost"
    assert (
        "rank 1 of 2 ended by signal 9 (SIGKILL: perhaps the machine ran out of memory)"
        in failure["message"]
    )


@pytest.mark.docker
@pytest.mark.beside
@pytest.mark.timeout(900)
def test_a_rank_that_stays_behind_ends_with_the_jobs_time(tmp_path, job_with_a_rank):
    running, rank = job_with_a_rank("--timeout", "120", used_s=0.5)
    family = [rank, *rank.parents()[:2]]
    rank.suspend()
    running.communicate(timeout=400)
    assert only_result(tmp_path)["failure"]["reason"] == "timeout"
    _, left = psutil.wait_procs(family, 60)
    assert left == []
