"""Bundles of real campaigns: made, checked, shown again, and run again; with images as well."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import renamed
from docker.errors import ImageNotFound

BENCHDL = Path(sys.executable).parent / "benchdl"
SMALL = ["--device", "cpu", "--dataset", "synthetic-mnist", "--train-samples", "500",
         "--epochs", "1", "--idle-wait", "0"]  # fmt: skip

LOCAL = ["--launcher", "local", "--trust-maker"]


@pytest.fixture
def name():
    """The backend's, which no other test has: its image is nobody else's."""
    return renamed.unique()


@pytest.fixture
def root(dummy_root, tmp_path, name):
    """A checkout of this test's own, to be changed."""
    return renamed.copy(dummy_root, tmp_path / "root", name)


@pytest.fixture
def start(cache, root, tmp_path):
    """Start the real command; its results are in this test's folder."""

    def call(*args):
        return subprocess.Popen(
            [BENCHDL, *map(str, args)],
            env={
                **os.environ,
                "BENCHDL_ROOT": str(root),
                "BENCHDL_CACHE": str(cache),
                "BENCHDL_RESULTS": str(tmp_path / "results"),
            },
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return call


@pytest.fixture
def bench(start):
    def call(*args, expect=0):
        process = start(*args)
        out, err = process.communicate(timeout=600)
        assert "Traceback" not in err, err
        assert process.returncode == expect, err
        return out, err

    return call


def campaigns(tmp_path):
    """Records in the order of their making."""
    files = sorted((tmp_path / "results" / "campaigns").glob("*.json"))
    return [json.loads(file.read_text()) for file in files]


def results_of(tmp_path, campaign):
    found = [json.loads(f.read_text()) for f in (tmp_path / "results").glob("*/result.json")]
    return sorted(
        (result for result in found if result["job"]["campaign_id"] == campaign["campaign_id"]),
        key=lambda result: (result["job"]["campaign_position"], result["job"]["attempt"]),
    )


def flip(file, needle):
    raw = bytearray(file.read_bytes())
    raw[raw.index(needle)] ^= 1
    file.write_bytes(raw)


def test_made_checked_shown_and_run_again(bench, start, root, name, tmp_path):
    bench("run", name, *SMALL, "--launcher", "local", "--repeat", "2")
    bench("bundle", "create", "-o", "a.tar")
    out, _ = bench("bundle", "verify", "a.tar")
    assert "whole and unchanged" in out
    shutil.copy(tmp_path / "a.tar", tmp_path / "b.tar")
    flip(tmp_path / "b.tar", b'"error_rate"')
    _, err = bench("bundle", "rerun", "b.tar", *LOCAL, expect=1)
    assert "result.json was changed" in err.splitlines()[-1]
    out, _ = bench("bundle", "replay", "a.tar", "-o", "again")
    told = dict(line.split(": ") for line in out.splitlines())
    assert told.pop("again/report.html") == "made"
    assert set(told.values()) == {"identical"}

    # Killed while it repeats the first job, and gone on with.
    _, err = bench("bundle", "rerun", "a.tar", expect=2)
    assert "here they would run as you" in err
    process = start("bundle", "rerun", "a.tar", *LOCAL)
    deadline = time.monotonic() + 300
    while not list((tmp_path / "results" / ".staging").glob("*/job/samples.csv")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    out, err = bench("bundle", "rerun", "a.tar", *LOCAL, "--resume")
    assert "was cut off when its harness died" in err
    first, again = campaigns(tmp_path)
    assert again["jobs"] == first["jobs"]
    assert again["bundle_sha256"]
    results = results_of(tmp_path, again)
    assert [result["status"] for result in results] == ["interrupted", "ok", "ok"]
    for then, now in zip(results_of(tmp_path, first), results[1:], strict=True):
        for key in ("seed", "repeat", "budget", "train_samples", "dataset_sha256", "settings"):
            assert now["job"][key] == then["job"][key]
        assert now["job"]["provenance"] == then["job"]["provenance"]
    assert "A: the bundle, " in out
    assert "a verdict takes 5" in out

    # A checkout that went on, or back: a choice.
    with (root / "docker" / name / "image.toml").open("a") as stream:
        stream.write("\n# another\n[variants.added]\ndescription = 'since'\n")
    _, err = bench("bundle", "rerun", "a.tar", *LOCAL, expect=2)
    assert f"differ from the bundle's in 1 files: docker/{name}/image.toml" in err
    assert len(campaigns(tmp_path)) == 2
    bench("bundle", "rerun", "a.tar", *LOCAL, "--sources", "bundle")
    kept = campaigns(tmp_path)[2]["environments"]
    assert kept == first["environments"]


@pytest.mark.docker
@pytest.mark.beside
def test_a_result_outlives_its_image(bench, engine, tmp_path, root, name):
    docker = ["--launcher", "docker", "--make-base"]
    bench("run", name, *SMALL, *docker)
    (record,) = campaigns(tmp_path)
    image_id = record["environments"][0]["provenance"]["image_id"]
    kept = f"benchdl-bundle/{name}:cpu-{image_id.removeprefix('sha256:')}"
    try:
        bench("bundle", "create", "-o", "small.tar")
        bench("bundle", "create", "--with-images", "-o", "a.tar")
        bench("bundle", "create", "--with-images", "-o", "b.tar")
        assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
        small, whole = ((tmp_path / file).stat().st_size for file in ("small.tar", "a.tar"))
        assert small < 2**22 < whole / 10  # sources and results; an image besides

        engine.images.remove(image_id, force=True)
        assert image_id not in {listed["Id"] for listed in engine.api.images(all=True)}
        _, err = bench("bundle", "create", "--with-images", "-o", "c.tar", expect=1)
        assert f"the engine no longer has {image_id}" in err
        shutil.rmtree(root / "docker" / name)  # nor is there anything to build it from

        out, err = bench("bundle", "rerun", "a.tar")
        assert f"kept as {kept}" in err
        assert engine.images.get(kept).id == image_id
        again = campaigns(tmp_path)[1]
        assert again["environments"] == record["environments"]
        (result,) = results_of(tmp_path, again)
        assert result["status"] == "ok"
        assert result["job"]["provenance"]["image_id"] == image_id
        assert "question: machine\n" in out
        _, err = bench("bundle", "rerun", "a.tar")
        assert "is in this engine" in err
    finally:
        # Not by the images themselves: others may remove theirs at the same time.
        for listed in engine.api.images(all=True):
            if listed["Id"] == image_id or kept in (listed["RepoTags"] or []):
                with suppress(ImageNotFound):  # it went with its parent
                    engine.images.remove(listed["Id"], force=True)
    assert not list(tmp_path.glob(".*.partial"))
