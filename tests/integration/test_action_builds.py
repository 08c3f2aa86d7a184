"""The GitHub Action with real builds: two checkouts of the test backend, one of them slower."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.docker
REPO = Path(__file__).resolve().parents[2]
ACTION = REPO / ".github" / "actions" / "benchdl-compare"
RUN = "--device cpu --make-base --idle-wait 0 --dataset synthetic-mnist --epochs 1 "
RUN += "--train-samples 1000 --no-conform"


def test_a_slower_head_fails_the_step(dummy_root, engine, tmp_path):
    for name in ("base", "head"):
        root = shutil.copytree(dummy_root, tmp_path / name)
        module = root / "runner" / "backends" / "dummy.py"
        module.write_text(f"{module.read_text()}\n# {name}, for {tmp_path}\n")
    _slow_down(tmp_path / "head")
    step = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"][-1]
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={
            **os.environ,
            "BACKENDS": "dummy", "BASE": "base", "HEAD": "head", "RUN_ARGUMENTS": RUN,
            "REPEAT": "6", "FIGURE": "time", "MARGIN": "3", "FAIL_ON": "regression",
            "GITHUB_ACTION_PATH": str(ACTION), "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(tmp_path / "output"),
            "BENCHDL_CACHE": str(tmp_path / "cache"),
        },
        cwd=tmp_path, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    told = summary.read_text() + done.stderr[-3000:]
    results = [json.loads(file.read_text())
               for file in (tmp_path / "benchdl-results").glob("*/result.json")]  # fmt: skip
    old = min(results, key=lambda result: result["started_at"])["job"]["provenance"]["image_id"]
    try:
        assert done.returncode == 1, told
        assert "slower" in summary.read_text(), told
        assert "question: image" in summary.read_text()
        assert len(results) == 1 + 12
    finally:
        engine.images.remove(f"benchdl/dummy:earlier-{old[7:19]}")


def _slow_down(root):
    """Every batch goes forward three times."""
    module = root / "runner" / "backends" / "dummy.py"
    text = module.read_text()
    step = "                out = self._forward(self.x[chosen], True)\n"
    assert text.count(step) == 1
    module.write_text(text.replace(step, 3 * step))
