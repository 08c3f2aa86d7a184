"""The checkout that runs is the one that was asked for, or it is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import checkout, paths
from harness.errors import BenchdlError

REPO = Path(__file__).resolve().parents[2]
BENCHDL = Path(sys.executable).parent / "benchdl"


@pytest.fixture
def copied(tmp_path):
    """What ``cp -a`` of a checkout gives: its command starts the original's Python."""
    root = tmp_path / "copied"
    for name in ("harness/cli/main.py", "docker/x", "runner/__init__.py", ".venv/bin/benchdl"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    shutil.copy(BENCHDL, root / ".venv" / "bin" / "benchdl")
    return root


def run(command, cwd, **more):
    done = subprocess.run(
        [command, "list", "--help"], cwd=cwd, env={**os.environ, **more},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("command", [".venv/bin/benchdl", "{root}/.venv/bin/benchdl"])
def test_a_copys_command_that_would_run_the_original_is_refused(copied, command):
    done = run(command.format(root=copied), copied)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"would run the code of {REPO}, not of {copied}: run make setup in" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_link_to_a_copys_command_is_refused_as_the_command_is(copied, tmp_path):
    link = tmp_path / "benchdl"
    link.symlink_to(copied / ".venv" / "bin" / "benchdl")
    done = run(link, tmp_path)
    assert done.returncode == 1
    assert f"would run the code of {REPO}, not of {copied}" in done.stderr


def test_a_link_to_the_own_command_says_nothing(tmp_path):
    (tmp_path / "benchdl").symlink_to(BENCHDL)
    assert run(tmp_path / "benchdl", tmp_path).stderr == ""


def test_another_checkouts_command_in_a_checkout_says_which_one_runs(copied):
    done = run(BENCHDL, copied / "docker")
    assert done.returncode == 0
    assert (
        done.stderr == f"benchdl: this is the benchdl of {REPO}, not of {copied}, where you are\n"
    )
    assert run(BENCHDL, copied, BENCHDL_ROOT=str(REPO)).stderr == ""


def test_the_own_command_says_nothing(tmp_path):
    assert run(BENCHDL, tmp_path).stderr == ""
    assert run(BENCHDL, REPO).stderr == ""


def test_a_current_folder_that_is_gone_is_no_reason(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    checkout.check("benchdl")
    checkout.note(print)


def test_another_runner_on_pythons_path_is_refused(tmp_path):
    (tmp_path / "runner.py").write_text("")
    code = "import sys; sys.argv = ['benchdl', 'list']; from harness.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the package runner is that of" in done.stderr
    assert "unset PYTHONPATH" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["runner.py", "docker.py", "harness/__init__.py", "click.py"])
@pytest.mark.parametrize("by", ["PYTHONPATH", "current folder"])
def test_the_command_imports_nothing_of_its_surroundings(tmp_path, name, by):
    """As ``make setup`` writes it: test_make_venv has that it does."""
    from harness.make import venv

    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('not this one')\n")
    command = tmp_path / "benchdl"
    command.write_text(venv._COMMAND.format(python=f"'{sys.executable}'"))
    command.chmod(0o755)
    done = run(command, tmp_path, **({by: str(tmp_path)} if by == "PYTHONPATH" else {}))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("named", ["part/root", "./part/../part/root"])
def test_a_relative_root_holds_in_other_folders_too(tmp_path, monkeypatch, named):
    for part in ("docker", "runner"):
        (tmp_path / "part" / "root" / part).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHDL_ROOT", named)
    assert paths.root().is_absolute()
    assert paths.root().resolve() == tmp_path / "part" / "root"


def test_a_root_in_the_home_may_be_written_with_a_tilde(tmp_path, monkeypatch):
    for part in ("docker", "runner"):
        (tmp_path / "own" / part).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BENCHDL_ROOT", "~/own")
    assert paths.root() == tmp_path / "own"


def test_a_root_that_is_none_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_ROOT", str(tmp_path))
    with pytest.raises(BenchdlError, match="holds no docker/ and runner/"):
        paths.root()
