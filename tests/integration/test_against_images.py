"""``--against`` with real images: an old and a new build of the test backend in one campaign."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import renamed
import stand_in_data

pytestmark = pytest.mark.docker
BENCHDL = Path(sys.executable).parent / "benchdl"
RUN = ["--launcher", "docker", "--device", "cpu", "--make-base", "--idle-wait", "0"]
STAND_IN = ["--dataset", "synthetic-mnist", "--epochs", "1", "--train-samples", "1000"]


@pytest.fixture
def name(engine):
    """The backend's, which no other test has; what was built of it is removed."""
    name = renamed.unique()
    yield name
    renamed.forget(engine, name)


@pytest.fixture
def root(dummy_root, tmp_path, name):
    """A checkout that a test may change."""
    return renamed.copy(dummy_root, tmp_path / "root", name)


@pytest.fixture
def run(engine, root, name, tmp_path):
    cache = stand_in_data.given(tmp_path / "cache")

    def call(*args, expect=0):
        done = subprocess.run(
            [BENCHDL, "run", name, *RUN, *STAND_IN, *args, "--results", tmp_path / "results"],
            env={
                **os.environ,
                "BENCHDL_ROOT": str(root),
                "BENCHDL_CACHE": str(cache),
            },
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    return call


def test_an_earlier_image_runs_beside_the_new_one_and_is_kept(run, root, name, engine, tmp_path):
    module = root / "runner" / "backends" / f"{name}.py"
    run()
    (first,) = _jobs(tmp_path)
    module.write_text(f"{module.read_text()}\n# another\n")
    done = run("--against", first["campaign_id"], "--repeat", "2")
    old = first["provenance"]["image_id"]
    kept = f"benchdl/{name}:earlier-{old[7:19]}"
    try:
        jobs = [job for job in _jobs(tmp_path) if job["campaign_id"] != first["campaign_id"]]
        blocks: dict[int, set[str]] = {}
        for job in jobs:
            blocks.setdefault(job["repeat"], set()).add(job["provenance"]["image_id"])
        assert len(jobs) == 4
        assert [len(block) for block in blocks.values()] == [2, 2]
        assert all(old in block for block in blocks.values())
        assert "2 pairs" in done.stdout
        assert "question: image" in done.stdout
        assert f"kept {kept}" in done.stderr
        assert engine.images.get(kept).id == old
    finally:
        engine.images.remove(kept)
    gone = run("--against", first["campaign_id"], expect=1)
    assert f"the image of {name} in campaign" in gone.stderr
    assert f"is gone: {old}" in gone.stderr


def _jobs(tmp_path):
    files = sorted((tmp_path / "results").glob("*/result.json"))
    return [json.loads(file.read_text())["job"] for file in files]
