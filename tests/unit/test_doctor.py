"""What doctor calls ok, made on first use, and broken; its exit status, and its JSON."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.doctor import answer, data_lines, disk_lines, engine_lines, local_lines
from harness.doctor.line import State, broken, first_use, ok
from harness.errors import BenchdlError
from harness.provision.obtain import DatasetState
from harness.readiness import Readiness


@pytest.fixture
def laptop(tmp_path):
    """A machine on which nothing was ever done: no engine is named, and no cache is filled."""
    (tmp_path / "libnvidia-ml.so.1").write_text("no library")
    return {
        "PATH": "/nonexistent", "HOME": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path),
        "BENCHDL_CACHE": str(tmp_path / "cache"), "BENCHDL_RESULTS": str(tmp_path / "results"),
    }  # fmt: skip


@pytest.mark.slow
def test_a_new_laptop_without_a_gpu_has_nothing_broken(benchdl, laptop, monkeypatch):
    """Theano apart: without Docker it needs a compiler, which is said with the package."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "BENCHDL_DATA"):
        monkeypatch.delenv(name, raising=False)
    done = benchdl("doctor", "--json", env=laptop)
    found = json.loads(done.stdout)["lines"]
    faults = [line for line in found if line["state"] == "broken"]
    assert [line["subject"] for line in faults if "apt-get install" not in line["fix"]] == []
    states = {line["subject"]: line["state"] for line in found}
    assert states["Docker engine"] == states["GPU driver"] == "ok"
    assert states["dataset mnist"] == states["torch without Docker"] == "first use"
    assert done.returncode == (1 if faults else 0)


def test_an_engine_that_is_installed_and_does_not_answer_is_broken(monkeypatch):
    def refuse():
        raise BenchdlError("no Docker engine answers", "start it")

    monkeypatch.setattr(engine_lines.engine, "connect", refuse)
    monkeypatch.setattr(
        engine_lines.endpoint, "find", lambda _: SimpleNamespace(source="the default socket")
    )
    monkeypatch.setattr(engine_lines.shutil, "which", lambda program: None)
    (line,) = engine_lines.examine([], None)
    assert (line.state, line.fix) == (State.OK, "")
    monkeypatch.setattr(engine_lines.shutil, "which", lambda program: f"/usr/bin/{program}")
    (line,) = engine_lines.examine([], None)
    assert (line.state, line.fix) == (State.BROKEN, "start it")
    monkeypatch.setattr(engine_lines.shutil, "which", lambda program: None)
    monkeypatch.setattr(
        engine_lines.endpoint, "find", lambda _: SimpleNamespace(source="$DOCKER_HOST")
    )
    (line,) = engine_lines.examine([], None)
    assert line.state is State.BROKEN


@pytest.mark.parametrize(
    ("image_id", "problems", "state", "found"),
    [
        (None, ["not built"], State.FIRST_USE, "not built yet; the first run does it"),
        (
            "sha256:1",
            ["cpu.lock changed"],
            State.FIRST_USE,
            "built again by the next run: cpu.lock",
        ),
        ("sha256:1", [], State.OK, "up to date"),
    ],
)
def test_an_image_that_a_run_would_build_is_no_fault(image_id, problems, state, found):
    of = SimpleNamespace(reference="benchdl/tf:cpu", image_id=image_id, problems=problems)
    line = engine_lines._image(of)
    assert line.state is state
    assert line.found.startswith(found)


def test_a_backend_that_cannot_run_here_is_broken_only_where_nothing_else_runs_it(monkeypatch):
    def without(backend):
        raise BenchdlError("it needs the program g++ on this host", "apt-get install g++")

    theano = SimpleNamespace(name="theano")
    monkeypatch.setattr(local_lines.environments, "readiness", without)
    alone = local_lines.examine(theano, engine=False)
    assert (alone.state, alone.fix) == (State.BROKEN, "apt-get install g++")
    beside = local_lines.examine(theano, engine=True)
    assert (beside.state, beside.fix) == (State.OK, "")
    assert "g++" in beside.found
    wheels = ("wheels of theano", "Python 3.9")
    monkeypatch.setattr(
        local_lines.environments, "readiness", lambda _: Readiness("theano", "not made", wheels)
    )
    line = local_lines.examine(theano, engine=False)
    assert line.state is State.FIRST_USE
    assert line.found.endswith("makes it, with Python 3.9")


@pytest.mark.parametrize(
    ("origin", "state", "of_line"),
    [
        ("cache", "complete", State.OK),
        ("cache", "absent", State.FIRST_USE),
        ("cache", "corrupt", State.FIRST_USE),  # the next run replaces it
        ("--data-dir", "complete", State.OK),
        ("--data-dir", "absent", State.BROKEN),
        ("BENCHDL_DATA", "corrupt", State.BROKEN),
    ],
)
def test_data_that_the_user_named_are_not_mended_by_a_run(tmp_path, origin, state, of_line):
    spec = SimpleNamespace(name="mnist", generate=None)
    line = data_lines._line(DatasetState(spec, tmp_path, origin, state, "a file is short"))
    assert line.state is of_line
    assert bool(line.fix) == (of_line is State.BROKEN)


def test_a_full_disk_is_broken_and_a_small_one_of_a_cpu_machine_is_not(monkeypatch, tmp_path):
    monkeypatch.setattr(disk_lines.shutil, "disk_usage", lambda _: SimpleNamespace(free=13e9))
    assert disk_lines.for_images(tmp_path, gpu=False).state is State.OK
    assert disk_lines.for_images(tmp_path, gpu=True).state is State.BROKEN
    assert disk_lines.for_cache(tmp_path / "not made yet").state is State.OK
    monkeypatch.setattr(disk_lines.shutil, "disk_usage", lambda _: SimpleNamespace(free=5e8))
    full = disk_lines.for_results(tmp_path)
    assert full.state is State.BROKEN
    assert str(tmp_path) in full.fix


LINES = [
    ok("Python", "3.11"),
    first_use("image benchdl/tf:cpu", "not built yet; " * 9),
    broken("x", "y", "z"),
]


def test_the_answer_is_the_last_line():
    assert (
        list(answer.plain(LINES))[-1]
        == "1 of 3 broken, each with its fix; 1 of 3 will be made on first use"
    )
    assert list(answer.plain(LINES[:1]))[-1] == "nothing is broken"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_on_a_terminal_no_line_is_longer_than_it(width):
    file = io.StringIO()
    screen = Console(file=file, width=width)
    for text in answer.drawn(LINES, width):
        screen.print(text)
    printed = file.getvalue().splitlines()
    assert max(map(len, printed)) <= width
    assert " ".join(file.getvalue().split()).count("not built yet;") == 9
    assert "          -> z" in printed


def test_on_a_terminal_what_was_found_alike_of_several_is_told_once():
    lines = [
        first_use("image benchdl/tf:cpu", "not built yet"),
        ok("dataset mnist", "complete"),
        first_use("image benchdl/jax:cpu", "not built yet"),
        first_use("tf without Docker", "not made yet"),
        first_use("jax without Docker", "not made yet"),
        broken("disk", "full", "make room"),
        broken("disk", "full", "buy another"),
        first_use("a b", "alike"),
        first_use("a b", "alike"),
    ]
    told = [str(text) for text in answer.drawn(lines, 80)]
    assert told[:3] == [
        "first use image benchdl/tf:cpu, benchdl/jax:cpu: not built yet",
        "ok        dataset mnist: complete",
        "first use tf, jax without Docker: not made yet",
    ]
    assert [line for line in told if "disk: full" in line] == ["broken    disk: full"] * 2
    assert "first use a b, b: alike" in told
    assert len(list(answer.plain(lines))) == len(lines) + 1


def test_json_says_whether_anything_is_broken():
    assert json.loads(answer.as_json(LINES))["ok"] is False
    found = json.loads(answer.as_json(LINES[:2]))
    assert found["ok"] is True
    assert found["lines"][0] == {"state": "ok", "subject": "Python", "found": "3.11", "fix": ""}
