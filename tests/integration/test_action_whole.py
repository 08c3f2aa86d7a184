"""The GitHub Action from its first step to its last: in a clean copy, on recorded starts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import composite
import make_checkout
import pytest

RECORDED = Path(__file__).parents[1] / "recorded" / "torch_on_an_h100.json"


@pytest.fixture(scope="module")
def action(tmp_path_factory):
    """The action's folder in a checkout in which nothing was made yet."""
    root = make_checkout.clone(tmp_path_factory.mktemp("whole") / "benchdl")
    return root / ".github" / "actions" / "benchdl-compare"


def record(folder, make_result, stored, factor):
    """The recorded starts as a store, ``factor`` times as long."""
    known = json.loads(RECORDED.read_text())
    for repeat, (fit_s, *_) in enumerate(known["runs"], 1):
        job = {"backend": "torch", "title": "PyTorch (plain)", "repeat": repeat,
               "campaign_id": known["campaign"]}  # fmt: skip
        measured = {"phases": {"fit_s": fit_s * factor}}
        stored(folder, make_result(job=job, measurement=measured))


@pytest.mark.timeout(1900)  # the action downloads an environment of its own
def test_two_folders_are_compared_and_the_verdict_is_the_actions(
    action, make_result, stored, tmp_path
):
    for name, factor in (("then", 1.0), ("now", 1.3), ("quicker", 0.8)):
        record(tmp_path / name, make_result, stored, factor)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    slower = composite.run(action, tmp_path, {"base": "then", "head": "now"}, path)
    assert slower.status == 1, slower.steps
    assert slower.left_out == ["actions/setup-python@v5"]
    assert list(slower.steps) == ["Install benchdl, held to its lock", "Compare"]
    assert (action.parents[2] / ".venv" / "bin" / "benchdl").exists()
    assert slower.summary.startswith("## benchdl compare\n")
    assert " slower |" in slower.summary
    assert "1.300" in slower.summary
    assert "Failed; the log of the step says why." in slower.summary
    assert Path(slower.outputs["summary"]).read_text() == slower.summary
    assert "--fail-on regression: failed (1 slower)" in slower.steps["Compare"]

    told = composite.run(action, tmp_path, {"base": "then", "head": "now", "fail-on": ""}, path)
    assert (told.status, " slower |" in told.summary) == (0, True)
    assert "Failed" not in told.summary
    faster = composite.run(action, tmp_path, {"base": "then", "head": "quicker"}, path)
    assert (faster.status, " faster |" in faster.summary) == (0, True)
    figure = {"base": "then", "head": "now", "figure": "cost"}
    refused = composite.run(action, tmp_path, figure, path)
    assert refused.status == 2
    assert "cost has no verdict" in refused.steps["Compare"]
    missing = composite.run(action, tmp_path, {"base": "then", "head": "nowhere"}, path)
    assert missing.status == 2
    assert "nowhere" in missing.steps["Compare"]
    assert "Failed" in missing.summary
