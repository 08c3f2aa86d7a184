"""Two users of one engine who build the same image at once, and what a killed build leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import renamed

from harness import catalog, marks
from harness.errors import BenchdlError
from harness.images import baseimage, build, built, holds

pytestmark = [pytest.mark.docker, pytest.mark.beside]
BENCHDL = Path(sys.executable).parent / "benchdl"
ROUNDS = 3

# Small: what is in the base, and whose it is.
DOCKERFILE = """ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG DEBIAN_MIRROR
COPY image.toml /whose
"""
BUILD = """
import sys
from harness import catalog, engine
from harness.images import build, built
client = engine.connect()
image = build.build(client, catalog.load(sys.argv[1]), "cpu", say=lambda line: None)
whose = client.containers.run(image.id, ["cat", "/whose"], network_mode="none", remove=True)
print(image.id, built.label(image, "fingerprint"), whose.decode().splitlines()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def name(engine):
    """A backend's name that no other test has; what was built of it is removed."""
    baseimage.ensure(engine, "debian:bullseye-slim", make=True, say=print)
    name = renamed.unique()
    yield name
    renamed.forget(engine, name)


@pytest.fixture
def checkout(dummy_root, tmp_path, name):
    def make(whose):
        root = tmp_path / whose / "root"
        if not root.exists():
            renamed.copy(dummy_root, root, name)
        folder = root / "docker" / name
        (folder / "Dockerfile").write_text(DOCKERFILE)
        toml = (dummy_root / "docker" / "dummy" / "image.toml").read_text()
        (folder / "image.toml").write_text(f"# {whose} {uuid.uuid4()}\n{toml}")
        cache = tmp_path / whose / "cache"
        return {**os.environ, "BENCHDL_ROOT": str(root), "BENCHDL_CACHE": str(cache)}

    return make


def start(env, name, **options):
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, name], env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def test_each_gets_its_own_image_and_keeps_it_while_it_runs(engine, checkout, name):
    for _ in range(ROUNDS):
        both = {whose: start(checkout(whose), name) for whose in ("anna", "bert")}
        said = {}
        for whose, process in both.items():
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said[whose] = line.split()
        ids = {whose: words[0] for whose, words in said.items()}
        for whose, (image_id, fingerprint, _, found, *_) in said.items():
            assert found == whose
            image = engine.images.get(image_id)  # both are there, though one name is between them
            assert built.label(image, "fingerprint") == fingerprint
        assert len(set(ids.values())) == 2
        assert engine.images.get(f"benchdl/{name}:cpu").id in ids.values()
        for process in both.values():
            assert process.communicate(timeout=300)[1] == ""
    tags = [tag for listed in engine.images.list(name=f"benchdl/{name}") for tag in listed.tags]
    assert tags == [f"benchdl/{name}:cpu"]


def test_a_superseded_image_stays_while_its_user_runs_and_goes_after(engine, checkout, name):
    first = start(checkout("anna"), name)
    old = first.stdout.readline().split()[0]
    second = start(checkout("bert"), name)
    new = second.stdout.readline().split()[0]
    second.communicate(timeout=300)
    assert engine.images.get(old).id == old != new
    first.communicate(timeout=300)
    assert old not in {image.id for image in engine.images.list()}
    assert engine.images.get(f"benchdl/{name}:cpu").id == new


def test_what_a_killed_user_leaves_is_cleared_by_the_next(engine, checkout, name):
    anna = checkout("anna")
    killed = start(anna, name)
    killed.stdout.readline()
    left = engine.containers.create(
        "debian:bullseye-slim", ["true"],
        labels={holds.BUILD_LABEL: name, marks.HARNESS_LABEL: _mark(killed.pid)},
    )  # fmt: skip
    others = engine.containers.create(
        "debian:bullseye-slim", ["true"],
        labels={holds.BUILD_LABEL: name, marks.HARNESS_LABEL: "elsewhere:0:1:1"},
    )  # fmt: skip
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        names = [tag for image in engine.images.list(name=f"benchdl/{name}") for tag in image.tags]
        assert len(names) == 2
        start(anna, name).communicate(timeout=300)  # up to date: nothing is built
        names = [tag for image in engine.images.list(name=f"benchdl/{name}") for tag in image.tags]
        assert names == [f"benchdl/{name}:cpu"]
        there = {container.id for container in engine.containers.list(all=True)}
        assert left.id not in there
        assert others.id in there
    finally:
        others.remove()
        if left.id in {container.id for container in engine.containers.list(all=True)}:
            left.remove()


def test_a_base_that_moves_under_a_build_is_noticed(engine, checkout, name, monkeypatch):
    env = checkout("anna")
    for variable in ("BENCHDL_ROOT", "BENCHDL_CACHE"):
        monkeypatch.setenv(variable, env[variable])
    folder = Path(env["BENCHDL_ROOT"]) / "docker" / name
    # As if the base's name meant another image by then: this one has other layers below.
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY image.toml /whose\n")
    monkeypatch.setattr(build, "_debian_packages", lambda client, image: {})
    with pytest.raises(BenchdlError, match="its base image is another"):
        build.build(engine, catalog.load(name), "cpu", say=lambda _: None)
    assert engine.images.list(name=f"benchdl/{name}") == []


def test_proxies_reach_the_steps_of_a_build_and_stay_nowhere(engine, checkout, name, tmp_path):
    env = checkout("anna")
    folder = Path(env["BENCHDL_ROOT"]) / "docker" / name
    (folder / "Dockerfile").write_text(
        'ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo "$HTTP_PROXY" | grep "3cret@proxy:1$"\n'
    )
    config = tmp_path / "docker-config"
    config.mkdir()
    proxies = {"default": {"httpProxy": "http://u:s3cret@proxy:1"}}
    (config / "config.json").write_text(json.dumps({"proxies": proxies}))
    process = subprocess.Popen(
        [BENCHDL, "images", "build", name, "--flavour", "cpu"],
        env={**env, "DOCKER_CONFIG": str(config)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    image = engine.images.get(f"benchdl/{name}:cpu")
    assert "s3cret" not in json.dumps([image.history(), image.attrs]) + said


def test_a_failing_step_says_no_credentials(engine, checkout, name, monkeypatch):
    env = checkout("anna")
    for variable in ("BENCHDL_ROOT", "BENCHDL_CACHE"):
        monkeypatch.setenv(variable, env[variable])
    folder = Path(env["BENCHDL_ROOT"]) / "docker" / name
    (folder / "Dockerfile").write_text(
        "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
        "RUN echo cannot fetch http://u:s3cret@index/simple && exit 3\n"
    )
    said = []
    with pytest.raises(BenchdlError) as caught:
        build.build(engine, catalog.load(name), "cpu", say=said.append)
    assert "http://***@index" in " ".join(said)
    assert "s3cret" not in " ".join([*said, str(caught.value)])


def _mark(pid):
    for _ in range(600):
        mark = marks._mark(pid, marks._begin(pid))
        if not mark.endswith(":"):
            return mark
        time.sleep(0.1)
    raise AssertionError(pid)
