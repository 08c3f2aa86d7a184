"""The harness's own environment: is it this checkout's, and whole? Two makes take turns."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import make_checkout
import pytest

from harness.errors import BenchdlError
from harness.make import goals
from harness.make.venv import Venv


@pytest.fixture
def root(tmp_path):
    root = make_checkout.make(tmp_path / "checkout")
    make_checkout.give_environment(root)
    return root


class Quick(Venv):
    """Installs nothing: notes what would be done, and fails where a test wants it to."""

    def __init__(self, root):
        self.said, self.steps, self.fails_at = [], [], None
        super().__init__(root, self.said.append)

    def _step(self, command, environment, advice):
        self.steps.append(command)
        if "venv" in command:
            Path(self.python).parent.mkdir(parents=True)
        if self.fails_at and any(word.startswith(self.fails_at) for word in command):
            raise BenchdlError("it failed")


def test_one_that_is_ready_is_left_alone(root):
    venv = Quick(root)
    venv.ready()
    venv.ready(chosen=True)
    assert (venv.said, venv.steps) == ([], [])


def spoil_copy(root):
    stamp = root / ".venv" / ".ready"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "folder": "/original"}))


def spoil_python(root):
    (root / ".venv" / "bin" / "python").unlink()
    (root / ".venv" / "bin" / "python").symlink_to("/no/such/python")


def spoil_program(root):
    (root / ".venv" / "bin" / "python").write_text("#!/bin/sh\necho /original/harness\n")


def spoil_inputs(root):
    with (root / "harness" / "requirements.lock").open("a") as file:
        file.write("# changed\n")


def spoil_tools(root):
    with (root / "docker" / "base" / "build-constraints.lock").open("a") as file:
        file.write("# changed\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_copy, "it is that of /original"),
        (spoil_python, "its Python is gone"),
        (spoil_program, "it does not work any more"),
        (spoil_inputs, "what it is made of has changed"),
        (spoil_tools, "what it is made of has changed"),
        (lambda root: (root / ".venv" / ".ready").unlink(), "it is not finished"),
        (lambda root: (root / ".venv" / ".ready").write_text(""), "it is not finished"),
        (lambda root: (root / ".venv" / ".ready").write_text("[3]"), "it is not finished"),
        (
            lambda root: shutil.rmtree(root / ".venv"),
            "0.4 GB on disk) ...",
        ),
    ],
)
def test_one_that_is_not_this_checkouts_or_not_whole_is_made_again(root, spoil, said):
    spoil(root)
    venv = Quick(root)
    venv.ready()
    assert said in venv.said[0]
    stamp = json.loads((root / ".venv" / ".ready").read_text())
    assert stamp["folder"] == str(root)


def test_a_chosen_python_that_is_another_makes_it_again(root):
    stamp = root / ".venv" / ".ready"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "3.10.99"}))
    venv = Quick(root)
    venv.ready()
    assert venv.said == []
    venv.ready(chosen=True)
    assert "it is of Python 3.10.99" in venv.said[0]


def test_a_link_is_taken_away_and_what_it_leads_to_is_not(root, tmp_path):
    others = tmp_path / "somebody's"
    (root / ".venv").rename(others)
    (root / ".venv").symlink_to(others)
    venv = Quick(root)
    venv.ready()
    assert "it is a link to another folder" in venv.said[0]
    assert not (root / ".venv").is_symlink()
    assert (others / ".ready").exists()


@pytest.mark.parametrize("step", ["venv", "--requirement", "--editable", "-c"])
def test_a_failure_leaves_nothing(root, step):
    shutil.rmtree(root / ".venv")
    venv = Quick(root)
    venv.fails_at = step
    with pytest.raises(BenchdlError, match="it failed"):
        venv.ready()
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("step", ["harness/development.lock", "import hypothesis"])
def test_tools_that_cannot_be_added_are_not_taken_for_ready(root, step):
    (root / ".venv" / ".ready-tools").unlink()
    venv = Quick(root)
    venv.fails_at = step
    with pytest.raises(BenchdlError, match="it failed"):
        venv.ready(tools=True)
    assert venv._without_tools()
    venv.ready()  # what users need is there still
    venv.fails_at = None
    venv.ready(tools=True)
    assert not venv._without_tools()


def locks(venv):
    """The lock files that were installed."""
    named = [step[-1] for step in venv.steps if "--requirement" in step]
    return [Path(name).name for name in named]


USERS = ["build-constraints.lock", "requirements.lock"]


def test_users_get_no_tools(root):
    shutil.rmtree(root / ".venv")
    venv = Quick(root)
    venv.ready()
    assert locks(venv) == USERS
    assert "pytest" not in venv.steps[-1][-1]


def test_tools_are_added_once_to_what_is_there(root):
    shutil.rmtree(root / ".venv")
    make_checkout.give_environment(root, tools=False)
    venv = Quick(root)
    venv.ready()
    assert venv.steps == []
    venv.ready(tools=True)
    assert locks(venv) == ["development.lock"]
    assert "adding the tools" in venv.said[-1]
    venv.ready(tools=True)
    assert locks(venv) == ["development.lock"]


def test_other_versions_of_the_tools_are_added_when_they_are_needed(root):
    with (root / "harness" / "development.lock").open("a") as file:
        file.write("# changed\n")
    venv = Quick(root)
    venv.ready()
    assert venv.steps == []
    venv.ready(tools=True)
    assert locks(venv) == ["development.lock"]


def test_an_environment_that_has_the_tools_is_made_again_with_them(root):
    spoil_inputs(root)
    venv = Quick(root)
    venv.ready()
    assert locks(venv) == [*USERS, "development.lock"]


@pytest.mark.parametrize(
    ("words", "tools"),
    [(["test"], True), (["test-fast"], True), (["lint"], True), (["format"], True),
     (["mutants"], True), (["setup", "DEV=1"], True), (["setup"], False),
     (["setup", "DEV=0"], False), (["report"], False), (["bench-tf"], False)],
)  # fmt: skip
def test_each_goal_makes_what_it_needs(monkeypatch, words, tools):
    asked = []
    monkeypatch.setattr(goals.venv.Venv, "ready", lambda venv, **how: asked.append(how["tools"]))
    monkeypatch.setattr(goals, "programs", lambda *of: [])
    goal, *given = words
    monkeypatch.setenv("BENCHDL_MAKE_GIVEN", " ".join(word.partition("=")[0] for word in given))
    for name, _, value in (word.partition("=") for word in given):
        monkeypatch.setenv(f"BENCHDL_MAKE_{name}", value)
    monkeypatch.setenv("BENCHDL_MAKE_GOALS", goal)
    monkeypatch.chdir(Path.cwd())
    assert goals.main([goal]) == 0
    assert asked == [tools]


def test_every_build_tool_is_there_by_hash_before_anything_is_built(root):
    shutil.rmtree(root / ".venv")
    venv = Quick(root)
    venv.ready()
    _, tools, lock, own, seen = venv.steps
    assert tools[-1] == "docker/base/build-constraints.lock"
    assert lock[-1] == "harness/requirements.lock"
    for step in (tools, lock):
        assert "--require-hashes" in step
    for step in (tools, lock, own):
        assert "--no-build-isolation" in step  # a build takes what is there, or fails
    assert "--no-deps" in own
    assert seen[1:3] == ["-I", "-c"]


def test_a_step_that_fails_says_why_without_credentials(root):
    venv = Venv(root, print)
    code = "import sys; sys.exit('cannot reach http://anna:s3cret@index/simple')"
    with pytest.raises(BenchdlError) as caught:
        venv._step([sys.executable, "-c", code], dict(os.environ), "try again")
    assert "cannot reach http://***@index/simple" in str(caught.value)


def test_a_second_make_waits_and_says_so(root):
    holding = os.open(root / ".venv.lock", os.O_RDONLY | os.O_CREAT)
    fcntl.flock(holding, fcntl.LOCK_EX)
    second = subprocess.Popen(
        ["make", f"PYTHON={sys.executable}", "doctor"], cwd=root, text=True,
        env=make_checkout.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert "waiting for another make that makes" in second.stderr.readline()
        assert second.poll() is None
    finally:
        os.close(holding)
        out, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "doctor" in out


def test_an_environment_in_use_is_not_taken_away(root):
    """A program holds the lock as long as it runs, whoever started it."""
    (root / ".venv" / "bin" / "benchdl").write_text("")
    python = root / ".venv" / "bin" / "python"
    python.write_text(
        python.read_text().replace(
            "    print(json.dumps", "    sys.stdin.read()\n    print(json.dumps"
        )
    )
    running = subprocess.Popen(
        ["make", f"PYTHON={sys.executable}", "doctor"], cwd=root, text=True,
        env=make_checkout.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    lock = os.open(root / ".venv.lock", os.O_RDONLY | os.O_CREAT)
    try:
        for _ in range(600):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                break
            fcntl.flock(lock, fcntl.LOCK_UN)
            time.sleep(0.05)
            assert running.poll() is None
        else:
            raise AssertionError("the program holds no lock")
    finally:
        running.communicate(timeout=60)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(lock)


def test_a_ready_environment_of_somebody_elses_checkout_needs_no_lock(root):
    (root / ".venv.lock").mkdir()  # stands for a folder that may not be written
    venv = Quick(root)
    venv.ready()
    assert venv.said == []


def test_clean_removes_the_environment(root):
    done = make_checkout.run(root, "clean")
    assert done.returncode == 0, done.stderr
    assert not (root / ".venv").exists()
