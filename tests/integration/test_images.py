"""Real builds on a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import renamed

from harness import catalog
from harness.errors import BenchdlError
from harness.images import baseimage, build, built

pytestmark = [pytest.mark.docker, pytest.mark.beside]
BENCHDL = Path(sys.executable).parent / "benchdl"


@pytest.fixture(scope="module")
def base(engine):
    """The Debian base, pulled or made: whatever this machine can do."""
    return baseimage.ensure(engine, "debian:bullseye-slim", make=True, say=print)


@pytest.fixture
def altered(dummy_root, tmp_path, monkeypatch):
    """A copy of the test backend's tree that a test may spoil, under a name of its own."""
    name = renamed.unique()
    root = renamed.copy(dummy_root, tmp_path / "root", name)
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    return root / "docker" / name


@pytest.mark.usefixtures("base")
def test_built_once_labelled_and_verified(engine, altered, monkeypatch):
    said = []
    backend = catalog.load(altered.name)
    try:
        image = build.build(engine, backend, "cpu", say=said.append)
        assert any("step 1/" in line for line in said)
        labels = image.labels
        assert labels["benchdl.base_id"].startswith("sha256:")
        assert json.loads(labels["benchdl.locks"]).keys() >= {"requirements.lock", "image.toml"}
        assert json.loads(labels["benchdl.debian"])["python3"].startswith("3.9")
        assert built.state(engine, backend, "cpu").problems == []
        said.clear()
        assert build.build(engine, backend, "cpu", say=said.append).id == image.id
        assert said == [f"benchdl/{altered.name}:cpu is up to date"]

        lock = altered / "requirements.lock"
        lock.write_text(lock.read_text() + "# changed\n")
        assert built.state(engine, catalog.load(altered.name), "cpu").problems == [
            "requirements.lock changed since the build"
        ]
        done = subprocess.run([BENCHDL, "images", "verify", altered.name], capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 1
        assert "not ok" in done.stdout
    finally:
        renamed.forget(engine, altered.name)


@pytest.mark.usefixtures("base")
def test_a_failing_step_is_named_with_its_last_lines(engine, altered):
    dockerfile = altered / "Dockerfile"
    dockerfile.write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo the last word && exit 7\n")
    said = []
    with pytest.raises(BenchdlError) as caught:
        build.build(engine, catalog.load(altered.name), "cpu", say=said.append)
    assert "step 3/3: RUN echo the last word" in str(caught.value)
    assert "returned a non-zero code: 7" in str(caught.value)
    assert any("the last word" in line for line in said)
    assert engine.images.list(name=f"benchdl/{altered.name}") == []


@pytest.mark.usefixtures("base")
def test_a_debian_pin_that_does_not_hold_stops_the_build(engine, altered):
    toml = altered / "image.toml"
    toml.write_text(toml.read_text() + '\n[framework.debian]\npython3 = "2.7"\n')
    with pytest.raises(BenchdlError, match=r"python3 is 3\.9.*pins 2\.7"):
        build.build(engine, catalog.load(altered.name), "cpu", say=lambda _: None)


def test_a_base_that_cannot_be_had_offers_to_make_it(engine):
    with pytest.raises(BenchdlError) as caught:
        baseimage.ensure(engine, "debian:no-such-release", make=False, say=lambda _: None)
    assert "cannot be pulled" in str(caught.value)
    assert "--make-base" in str(caught.value)


def test_a_base_with_a_digest_is_never_made(engine):
    reference = f"debian@sha256:{'0' * 64}"
    with pytest.raises(BenchdlError, match="no digest can be promised"):
        baseimage.ensure(engine, reference, make=True, say=lambda _: None)


def test_an_engine_that_is_not_there_is_one_line(tmp_path):
    done = subprocess.run(
        [BENCHDL, "images", "build", "tf"],
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("benchdl: no Docker engine answers")
    assert len(done.stderr.splitlines()) == 1
