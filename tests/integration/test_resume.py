"""Campaigns of real processes and containers, killed half-way and gone on with."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import docker
import psutil
import pytest

BENCHDL = Path(sys.executable).parent / "benchdl"
SMALL = ["--device", "cpu", "--dataset", "synthetic-mnist", "--train-samples", "1000",
         "--idle-wait", "0"]  # fmt: skip
LOCAL = ["--launcher", "local"]
DOCKER = ["--launcher", "docker", "--make-base"]


@pytest.fixture
def bench(cache, dummy_root, tmp_path):
    """Start the real command; its results are in this test's folder."""
    begun = []

    def start(*args):
        process = subprocess.Popen(
            [BENCHDL, *args, "--results", tmp_path / "results"],
            env={**os.environ, "BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process, expect=0):
    out, err = process.communicate(timeout=600)
    assert "Traceback" not in err, err
    assert process.returncode == expect, err
    return out, err


def results_of(tmp_path):
    files = (tmp_path / "results").glob("*/result.json")
    return sorted(
        (json.loads(file.read_text()) for file in files), key=lambda result: result["run_id"]
    )


def record_of(tmp_path):
    (file,) = (tmp_path / "results" / "campaigns").glob("*.json")
    return json.loads(file.read_text())


def epochs_begun(tmp_path):
    """Run ids of jobs whose sampler writes: they are on their way."""
    return [
        file.parts[-3] for file in (tmp_path / "results" / ".staging").glob("*/job/samples.csv")
    ]


def wait_for(look, process, timeout_s=400.0):
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        if process.poll() is not None:
            pytest.fail(f"it ended first: {process.communicate()[1]}")
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


@pytest.fixture
def hold(tmp_path):
    """Let the job of this place in the campaign not go on before what the body does is done."""
    (tmp_path / "hold").mkdir()

    @contextlib.contextmanager
    def held(position):
        file = tmp_path / "hold" / str(position)
        file.touch()
        try:
            yield ["--set", f"environment.DUMMY_HOLD={tmp_path / 'hold'}"]
        finally:
            file.unlink()

    return held


def killed_in_the_third_job(bench, tmp_path, where, setting):
    """Four jobs in two configurations; SIGKILL while the third one trains. Returns its run id.

    ``setting``: what keeps that job from ending before.
    """
    (tmp_path / "campaign.toml").write_text(
        f"""
        set = {{ {setting} }}
        repeat = 2
        epochs = 3
        train_samples = 1000
        dataset = "synthetic-mnist"
        idle_wait_s = 0
        [matrix]
        backends = ["dummy"]
        devices = ["cpu"]
        batch_sizes = ["default", 64]
        """
    )
    process = bench("run", "--campaign", "campaign.toml", *where)
    wait_for(lambda: len(results_of(tmp_path)) == 2, process)
    (run_id,) = wait_for(lambda: epochs_begun(tmp_path), process)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert len(results_of(tmp_path)) == 2
    return run_id


def everything_once(tmp_path, cut_off):
    """Every planned job has one measurement, and the killed one a second, interrupted result."""
    record = record_of(tmp_path)
    results = results_of(tmp_path)
    assert [job["position"] for job in record["jobs"]] == [1, 2, 3, 4]
    measured = [result for result in results if result["measurement"]]
    positions = Counter(result["job"]["campaign_position"] for result in measured)
    assert positions == {1: 1, 2: 1, 3: 1, 4: 1}
    assert {result["status"] for result in measured} == {"ok"}
    for result in measured:
        planned = record["jobs"][result["job"]["campaign_position"] - 1]
        size = planned["configuration"]["batch_size"]
        assert result["job"]["batch_size"] == size
        assert result["measurement"]["work"]["batch_size"] == (size or 128)
        assert result["measurement"]["work"]["count"] == 3 * -(-1000 // (size or 128))
        assert result["job"]["seed"] == 123 + planned["repeat"] - 1
        assert "other-work" not in [finding["code"] for finding in result["findings"]]
        assert result["launch"]["idle"]["cpu_percent"] is not None
    (interrupted,) = [result for result in results if not result["measurement"]]
    assert interrupted["run_id"] == cut_off
    assert interrupted["status"] == "interrupted"
    assert interrupted["failure"]["reason"] == "harness-died"
    assert (interrupted["job"]["campaign_position"], interrupted["job"]["attempt"]) == (3, 1)
    assert (tmp_path / "results" / cut_off / "samples.csv").is_file()
    (again,) = [result for result in measured if result["job"]["campaign_position"] == 3]
    assert again["job"]["attempt"] == 2
    assert list((tmp_path / "results" / ".staging").iterdir()) == []


def jobs_of(folder):
    """Processes of runners whose job lies below ``folder``."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "runner" in words and any(word.startswith(str(folder)) for word in words):
            found.append(process)
    return found


def test_killed_and_resumed_without_docker(bench, tmp_path, hold):
    with hold(3):
        setting = f'"environment.DUMMY_HOLD" = "{tmp_path / "hold"}"'
        run_id = killed_in_the_third_job(bench, tmp_path, LOCAL, setting)
    deadline = time.monotonic() + 60
    while jobs_of(tmp_path):  # they end with their harness
        assert time.monotonic() < deadline, jobs_of(tmp_path)
        time.sleep(0.1)
    kept = {p: p.read_bytes() for p in (tmp_path / "results").glob("*/result.json")}
    record = record_of(tmp_path)
    resumed = bench("resume", "--own-settings", "--json")
    out, err = finish(resumed)
    assert f"{run_id} was cut off when its harness died" in err
    # On a busy machine, or where something is unproven, it also says how many are suspect.
    assert re.search(r"2 of 4 done( \([^)]*\))?, 1 running, 1 left", err)
    assert "[3/4]" in err
    assert "attempt 2: started" in err
    assert "[1/4]" not in err
    assert len(json.loads(out)) == 5
    everything_once(tmp_path, run_id)
    assert {p: p.read_bytes() for p in kept} == kept
    assert record_of(tmp_path) == record

    out, err = finish(bench("resume"))  # nothing is left: nothing runs
    assert "started" not in err
    assert "interrupted, not in the table (harness-died" in out
    assert len(results_of(tmp_path)) == 5
    table, _ = finish(bench("table"))
    assert "batch 64" in table


@pytest.mark.docker
def test_killed_and_resumed_in_containers(engine, bench, tmp_path):
    # A container does not see the folder that holds a job.
    setting = '"environment.DUMMY_SLEEP" = "3"'
    run_id = killed_in_the_third_job(bench, tmp_path, DOCKER, setting)
    campaign = record_of(tmp_path)["campaign_id"]
    ours = {"label": f"benchdl.campaign={campaign}"}
    (container,) = engine.containers.list(all=True, filters=ours)
    assert container.labels["benchdl.run_id"] == run_id
    image = container.image.id
    others = [
        engine.containers.create(image, labels={**container.labels, **change})
        for change in (
            {"benchdl.campaign": "20200101t000000z-campaign-cpu-00000000"},
            {"benchdl.harness": "another-machine:boot:1:2"},
        )
    ]
    try:
        _, err = finish(bench("resume", campaign[-8:], "--make-base"))
        assert f"removed container {container.name}: its harness had died" in err
        assert f"left alone: container {others[1].name}" in err
        left = {listed.id for listed in engine.containers.list(all=True)}
        assert container.id not in left
        assert others[0].id not in left  # of another campaign, and of a dead harness all the same
        assert others[1].id in left
    finally:
        for other_container in others:
            with contextlib.suppress(docker.errors.NotFound):
                other_container.remove(force=True)
    assert engine.containers.list(all=True, filters=ours) == []
    everything_once(tmp_path, run_id)


def test_two_processes_on_one_campaign(bench, tmp_path, hold):
    """Resumed while it runs, and resumed twice at once: one of them only does anything."""
    with hold(1) as held:
        process = bench("run", "dummy", *SMALL, *LOCAL, *held, "--epochs", "3", "--repeat", "2")
        wait_for(lambda: epochs_begun(tmp_path), process)
        _, err = finish(bench("resume", "--own-settings"), expect=1)
        line = err.strip().splitlines()[-1]
        assert "is being run by another benchdl" in line
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    both = [bench("resume", "--own-settings") for _ in range(2)]
    codes = sorted(resumed.communicate(timeout=600) and resumed.returncode for resumed in both)
    assert codes in ([0, 1], [0, 0])  # the second may have come when the first was done
    measured = [result for result in results_of(tmp_path) if result["measurement"]]
    assert Counter(result["job"]["campaign_position"] for result in measured) == {1: 1, 2: 1}
    assert sum(result["status"] == "interrupted" for result in results_of(tmp_path)) == 1


def test_interrupted_and_resumed(bench, tmp_path, hold):
    with hold(1) as held:
        process = bench("run", "dummy", *SMALL, *LOCAL, *held, "--epochs", "3", "--repeat", "2")
        wait_for(lambda: epochs_begun(tmp_path), process)
        process.send_signal(signal.SIGINT)
        _, err = finish(process, expect=130)
    campaign = record_of(tmp_path)["campaign_id"]
    assert f"to go on with it: benchdl resume {campaign}" in err
    assert [result["status"] for result in results_of(tmp_path)] == ["interrupted"]
    finish(bench("resume", "--own-settings", campaign))
    results = results_of(tmp_path)
    measured = [result for result in results if result["measurement"]]
    assert Counter(result["job"]["campaign_position"] for result in measured) == {1: 1, 2: 1}
    assert len(results) == 3


def test_failed_jobs_stay_failed_and_end_with_status_1(bench, tmp_path):
    mode = ["--set", "environment.DUMMY_MODE=crash"]
    process = bench("run", "dummy", *SMALL, *LOCAL, *mode, "--repeat", "2")
    finish(process, expect=1)
    before = results_of(tmp_path)
    assert [result["status"] for result in before] == ["failed", "failed"]
    out, err = finish(bench("resume"), expect=1)
    assert results_of(tmp_path) == before
    assert "failed, not in the table (crashed" in out
    assert "started" not in err


def test_an_edited_image_toml_is_refused_or_marked(bench, dummy_root, tmp_path, hold):
    with hold(1) as held:
        process = bench("run", "dummy", *SMALL, *LOCAL, *held, "--epochs", "3")
        wait_for(lambda: epochs_begun(tmp_path), process)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    file = dummy_root / "docker" / "dummy" / "image.toml"
    text = file.read_text()
    try:
        file.write_text(text + "\n# another\n")
        _, err = finish(bench("resume", "--own-settings"), expect=1)
        line = err.strip().splitlines()[-1]
        assert line.startswith("benchdl: ")
        assert "image.toml of dummy was changed" in line
        assert "--accept-changes" in line
        finish(bench("resume", "--own-settings", "--accept-changes"))
    finally:
        file.write_text(text)
    (last,) = [result for result in results_of(tmp_path) if result["measurement"]]
    assert ("campaign-changed", "suspect") in [
        (finding["code"], finding["severity"]) for finding in last["findings"]
    ]
