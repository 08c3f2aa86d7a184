"""An engine killed, stopped or full in mid-campaign: nothing is lost, every job ends once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from docker.errors import APIError
from own_engine import OwnEngine, until

pytestmark = [pytest.mark.docker, pytest.mark.beside]
BENCHDL = Path(sys.executable).parent / "benchdl"
JOBS = 2
STAND_IN = [
    "--dataset",
    "synthetic-mnist",
    "--epochs",
    "2",
    "--train-samples",
    "500",
    "--threads=1",
]


@pytest.fixture(scope="module")
def images(engine, dummy_root, cache):
    """The test backend's image and its base, built by the machine's engine."""
    subprocess.run(
        [BENCHDL, "images", "build", "dummy", "--flavour", "cpu", "--make-base"],
        env={
            **os.environ,
            "BENCHDL_ROOT": str(dummy_root),
            "BENCHDL_CACHE": str(cache),
        },
        check=True,
        capture_output=True,
        timeout=600,
    )
    return ["debian:bullseye-slim", "benchdl/dummy:cpu"]


@pytest.fixture(scope="module")
def own(engine, images):
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("an engine of the test's own needs root and dockerd")
    started = OwnEngine()
    try:
        started.start()
        started.take(images, engine)
        yield started
    finally:
        started.close()


@pytest.fixture
def campaign(own, dummy_root, cache, tmp_path):
    """Start a command of benchdl on the own engine; its results are in this test's folder."""

    def start(*args, host=own.host):
        return subprocess.Popen(
            [BENCHDL, *map(str, args), "--results", tmp_path / "results"],
            env={
                **os.environ,
                "DOCKER_HOST": host,
                "BENCHDL_ROOT": str(dummy_root),
                "BENCHDL_CACHE": str(cache),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(*args, repeat=JOBS, **more):
        options = ["--device", "cpu", "--launcher", "docker", "--repeat", repeat]
        return start("run", "dummy", *STAND_IN, *options, "--idle-wait", "0", *args, **more)

    start.run = run
    return start


def results(tmp_path):
    files = sorted((tmp_path / "results").glob("*/result.json"))
    return [json.loads(file.read_text()) for file in files]


def ends(tmp_path):
    """How often each job of the plan came to an end, and the attempts that were cut off."""
    found = results(tmp_path)
    ended = Counter(
        result["job"]["campaign_position"] for result in found if result["status"] != "interrupted"
    )
    return dict(ended), [result for result in found if result["status"] == "interrupted"]


def ours(own):
    return own.client().containers.list(all=True, ignore_removed=True)


def training(own):
    """The container of a job that trains by now."""
    for container in ours(own):
        with contextlib.suppress(APIError):  # it is just being removed
            if b'"fit"' in container.logs():
                return container
    return None


@pytest.mark.parametrize(("sign", "jobs"), [(signal.SIGKILL, 2), (signal.SIGTERM, 1)])
def test_an_engine_that_comes_back_costs_no_job(own, campaign, tmp_path, sign, jobs):
    process = campaign.run(repeat=jobs)
    container = until(lambda: training(own), 300)
    own.kill(sign)
    own.start()
    _, stderr = process.communicate(timeout=400)
    assert process.returncode == 0, stderr
    ended, cut = ends(tmp_path)
    assert ended == dict.fromkeys(range(1, jobs + 1), 1)
    assert [result["failure"]["reason"] for result in cut] == ["engine-lost"]
    assert cut[0]["run_id"] in container.name
    assert f"{own.host} ($DOCKER_HOST) went away: waiting" in stderr
    assert "well again" in stderr
    assert "Traceback" not in stderr
    assert ours(own) == []


def test_an_engine_that_stays_away_leaves_a_campaign_that_can_be_resumed(own, campaign, tmp_path):
    process = campaign.run("--engine-wait", "1")
    until(lambda: training(own), 300)
    own.kill()
    _, stderr = process.communicate(timeout=400)
    last = stderr.strip().splitlines()[-1]
    assert process.returncode == 1
    assert last.startswith(f"benchdl: the Docker engine at {own.host}")
    assert "was waited for 1 s" in last
    assert "to go on with it: benchdl resume" in stderr
    assert [result["failure"]["reason"] for result in ends(tmp_path)[1]] == ["engine-lost"]
    assert ends(tmp_path)[0] == {}
    own.start()
    again = campaign("resume")
    _, stderr = again.communicate(timeout=400)
    assert again.returncode == 0, stderr
    assert ends(tmp_path)[0] == dict.fromkeys(range(1, JOBS + 1), 1)
    assert ours(own) == []


def test_a_full_disk_of_the_engine_fails_no_job(own, campaign, tmp_path):
    # Half a gigabyte would take a slow disk longer than the job runs, and the next would begin.
    with own.nearly_full():
        process = campaign.run()
        until(lambda: training(own), 300)
        with own.full():  # the job that runs writes nothing there, the next cannot begin
            said = [process.stderr.readline()]
            while said[-1] and "has no room for a container: waiting up to" not in said[-1]:
                said.append(process.stderr.readline())
    assert said[-1], "".join(said)
    _, stderr = process.communicate(timeout=400)
    assert process.returncode == 0, stderr
    ended, cut = ends(tmp_path)
    assert ended == dict.fromkeys(range(1, JOBS + 1), 1)
    assert {result["failure"]["reason"] for result in cut} == {"engine-lost"}
    assert "disk is full" in cut[0]["failure"]["message"]
    assert ours(own) == []
