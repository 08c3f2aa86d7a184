"""The shape of the code: small modules, one direction of imports, and fixtures that do not lie."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PARTS = ("benchdl", "harness", "runner")
FILES = sorted(file for part in PARTS for file in (REPO / part).rglob("*.py"))


def names(files):
    dotted = [".".join(file.relative_to(REPO).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in dotted]


def imported(file, version=None):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(), feature_version=version)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_no_module_is_over_300_lines():
    assert FILES
    long = {str(file): n for file in FILES if (n := len(file.read_text().splitlines())) > 300}
    assert long == {}


def test_every_module_says_what_it_is():
    assert [str(file) for file in FILES if not ast.get_docstring(ast.parse(file.read_text()))] == []


@pytest.mark.parametrize(
    "file", [f for f in FILES if "runner" in f.relative_to(REPO).parts[0]], ids=lambda f: f.stem
)
def test_runner_imports_nothing_of_the_harness_and_is_python_3_9(file):
    modules = {name.partition(".")[0] for name in imported(file, version=(3, 9))}
    assert "harness" not in modules
    assert not modules & {"docker", "click", "rich", "filelock", "packaging", "tomli", "tomllib"}


def test_nothing_imports_the_public_module_but_itself():
    inner = [file for file in FILES if not file.is_relative_to(REPO / "benchdl")]
    assert inner
    assert [file for file in inner if "benchdl" in {n.split(".")[0] for n in imported(file)}] == []


def test_the_contract_is_all_that_the_harness_sees_of_a_running_job():
    """Frameworks and backends stay on the runner's side; of the meters what reads a GPU."""
    allowed = {"contract", "workloads", "datasets", "attest", "meters"}
    seen = {
        name for file in FILES if file.is_relative_to(REPO / "harness") for name in imported(file)
    }
    parts = {name.split(".")[1] for name in seen if name.startswith("runner.")}
    assert parts <= allowed


# Every module is imported by a process that has imported none of ours; what they share of others'
# is imported before, so that a hundred processes take seconds.
FRESH = """
import os, sys
import click, docker, filelock, jinja2, numpy, packaging.specifiers, psutil, pydantic, pynvml
import rich.progress, uv
for number, name in enumerate(sys.argv[1:]):
    if number >= 4:
        os.wait()
    if os.fork() == 0:
        assert not [m for m in sys.modules if m.partition(".")[0] in ("runner", "harness")]
        try:
            __import__(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


def test_every_module_can_be_imported_first():
    modules = [name for name in names(FILES) if not name.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *modules],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("required", "outcome"), [(None, "1 skipped"), ("1", "1 error")])
def test_without_an_engine_container_tests_are_skipped_or_fail(tmp_path, required, outcome):
    (tmp_path / "test_it.py").write_text("def test_it(engine): pass\n")
    env = {k: v for k, v in os.environ.items() if k != "BENCHDL_REQUIRE_DOCKER"}
    env |= {"DOCKER_HOST": "unix:///nonexistent", "PYTHONPATH": str(REPO / "tests")}
    env |= {"BENCHDL_REQUIRE_DOCKER": required} if required else {}
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-rsE"]
    done = subprocess.run(
        [*command, "--rootdir", tmp_path, tmp_path],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert "no Docker engine answers: container tests skipped (" in done.stdout
    assert (done.returncode == 0) == (required is None)
