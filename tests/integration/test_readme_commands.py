"""Every command of README.md, as written and in its order, in a clean copy of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys

import make_checkout
import pytest
import readme

from harness.nvidia import host_driver


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return make_checkout.clone(tmp_path_factory.mktemp("readme") / "benchdl")


def run(clone, command):
    """In a shell, with the Python of the tests, and no variable that decides anything."""
    ours = {name: value for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS", "BENCHDL_"))}  # fmt: skip
    ours["PATH"] = f"{os.path.dirname(sys.executable)}:{ours['PATH']}"  # noqa: PTH120
    return subprocess.run(
        command, shell=True, cwd=clone, env=ours, capture_output=True, text=True, check=False,
        timeout=1500,
    )  # fmt: skip


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(3600)
def test_every_command_runs_as_written(clone, engine):
    """One test: later commands need what earlier ones made."""
    told = {}
    for command in readme.commands():
        done = run(clone, command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        told[command] = done.stdout
    assert "Keras (tensorflow)" in told["make bench-tf EPOCHS=1"]
    assert (clone / "report.html").read_text(encoding="utf-8").startswith("<!")
    (plan,) = [command for command in told if "DRY_RUN=1" in command]
    assert "jobs: 6" in told[plan]
    assert len(list((clone / "results").glob("*/result.json"))) == 1 + 10
    assert not (clone / ".venv" / "bin" / "pytest").exists()


@pytest.mark.slow
@pytest.mark.skipif(host_driver.gpus()[0] > 0, reason="there is a GPU: tests/gpu trains on it")
def test_the_command_for_a_gpu_is_refused_in_one_line_without_one(clone):
    (command,) = [command for command in readme.named() if "DEVICE=gpu" in command]
    done = run(clone, command)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ")]
    assert "GPU" in said[-1]
    assert "Traceback" not in done.stderr
