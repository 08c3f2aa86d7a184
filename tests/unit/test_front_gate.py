"""What a contributor meets first: issue forms, the workflow file and the hooks say what is true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.cli.command import benchdl
from harness.make import goals

REPO = Path(__file__).resolve().parents[2]
FORMS = sorted(
    file for file in (REPO / ".github/ISSUE_TEMPLATE").glob("*.yml") if file.stem != "config"
)
WORKFLOW = REPO / ".github/workflows/tests.yml"
HOOKS = REPO / ".pre-commit-config.yaml"
TYPES = {"markdown", "input", "textarea", "dropdown", "checkboxes"}


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_an_issue_form_asks_for_what_can_be_answered(file):
    form = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    assert {part["type"] for part in form["body"]} <= TYPES
    assert len({part["id"] for part in questions}) == len(questions)
    assert all(part["attributes"]["label"] for part in questions)
    assert any(part.get("validations", {}).get("required") for part in questions)


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_commands_and_pages_that_a_form_names_exist(file):
    text = " ".join(file.read_text(encoding="utf-8").split())
    verbs = set(re.findall(r"`benchdl ([a-z]+)", text))
    assert verbs <= set(benchdl.list_commands(None))
    pages = set(re.findall(r"\b(?:docs/\w+|[A-Z]+)\.md\b", text))
    assert [page for page in pages if not (REPO / page).is_file()] == []


def test_what_contributing_names_exists():
    text = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE)) - {"bench-"}
    assert {"setup", "test-fast", "test", "lint"} <= asked
    assert [goal for goal in asked if not goals.known(goal)] == []
    named = re.findall(r"(?:\.ci|docs|docker|harness|runner|tests|examples)/[\w./-]*\w", text)
    known = [path for path in named if not re.search(r"[A-Z]{4}|/name\b", path)]
    assert len(known) > 10
    assert [path for path in known if not (REPO / path).exists()] == []


def test_the_workflow_runs_goals_of_make_on_every_python_that_is_supported():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    asked = {word for command in commands for word in re.findall(r"make ([a-z-]+)", command)}
    assert asked == {"lint", "test-fast"}
    assert all("PYTHON" in goals.known(goal) for goal in asked)
    pythons = jobs["fast"]["strategy"]["matrix"]["python"]
    project = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={pythons[0]}"' in project
    minors = [int(python.removeprefix("3.")) for python in pythons]
    assert minors == list(range(minors[0], 14))


@pytest.fixture
def commits(tmp_path):
    """A repository with our hooks, and this environment in the place of a checkout's own."""
    shutil.copy(HOOKS, tmp_path)
    shutil.copy(REPO / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / ".gitignore").write_text("/.venv\n/home\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)

    def hook(name, source):
        (tmp_path / "file.py").write_text(source)
        subprocess.run(["git", "add", "--all"], cwd=tmp_path, check=True)
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files", name],
            cwd=tmp_path,
            env={"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    return hook


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ruff-check", '"""A module."""\n', '"""A module."""\n\nimport os\n'),
        ("ruff-format", "x = 1\n", "x  =  1\n"),
    ],
)
def test_a_hook_lets_the_good_through_and_stops_the_bad(commits, name, good, bad):
    done = commits(name, good)
    assert done.returncode == 0, done.stdout + done.stderr
    assert commits(name, bad).returncode == 1


def test_every_hook_is_a_program_of_the_checkouts_own_environment():
    (source,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    assert source["repo"] == "local"
    programs = [hook["entry"].split()[0] for hook in source["hooks"]]
    assert {Path(program).parent.as_posix() for program in programs} == {".venv/bin"}
    missing = [
        program
        for program in programs
        if not (Path(sys.executable).parent / Path(program).name).exists()
    ]
    assert missing == []
