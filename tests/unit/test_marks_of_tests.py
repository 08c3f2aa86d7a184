"""What the tests promise of themselves: none is left out quietly, none disturbs another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def _pytest(folder, text, *arguments, **environment):
    """Run a test file with the conftest of all tests; a variable that is None is not set."""
    (folder / "test_it.py").write_text(text)
    env = {**os.environ, "PYTHONPATH": str(REPO / "tests"), **environment}
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-rsE"]
    return subprocess.run(
        [*command, "--rootdir", folder, *arguments, folder],
        env={name: value for name, value in env.items() if value is not None},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("required", "outcome"), [(None, "1 skipped"), ("1", "1 error")])
def test_without_an_engine_container_tests_are_skipped_or_fail(tmp_path, required, outcome):
    nowhere = {"DOCKER_HOST": "unix:///nonexistent", "BENCHDL_REQUIRE_DOCKER": required}
    done = _pytest(tmp_path, "def test_it(engine): pass\n", **nowhere)
    assert outcome in done.stdout
    assert "no Docker engine answers: container tests skipped (" in done.stdout
    assert (done.returncode == 0) == (required is None)


@pytest.mark.parametrize(
    ("required", "code", "workers"), [(None, 0, []), ("1", 1, []), ("1", 1, ["-n", "1"])]
)
def test_where_container_tests_must_run_a_skipped_one_is_a_failure(
    tmp_path, required, code, workers
):
    done = _pytest(
        tmp_path,
        "import pytest\n@pytest.mark.docker\ndef test_it(): pytest.skip('no cats here')\n",
        *workers,
        BENCHDL_REQUIRE_DOCKER=required,
    )
    assert done.returncode == code
    assert "1 test skipped: no cats here" in done.stdout
    assert ("FAILED: 1 container tests were skipped" in done.stdout) == (required is not None)


def test_what_shares_an_engine_or_a_gpu_is_never_beside_another(tmp_path):
    text = (
        "import pytest\n@pytest.mark.docker\ndef test_one(): pass\n"
        "@pytest.mark.gpu\ndef test_two(): pass\ndef test_three(engine): pass\n"
        "def test_four(): pass\n"
        "@pytest.mark.beside\n@pytest.mark.docker\ndef test_five(engine): pass\n"
        "@pytest.mark.beside\n@pytest.mark.gpu\ndef test_six(): pass\n"
    )
    beside = _pytest(tmp_path, text, "--collect-only", "-q", "-m", "not alone").stdout
    assert [line for line in beside.splitlines() if "::" in line] == [
        "test_it.py::test_four", "test_it.py::test_five",
    ]  # fmt: skip
    fast = _pytest(tmp_path, text, "--collect-only", "-q", "-m", "not slow").stdout
    assert "::" not in fast  # only tests/unit is fast
