"""A GPT is trained, evaluated and judged: a real job of the smaller one, on the generated plays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SMALL = ("--workload", "gpt-shakespeare-small", "--dataset", "synthetic-shakespeare",
         "--train-samples", "240", "--epochs", "2", "--launcher", "local", "--device", "cpu",
         "--threads", "1", "--idle-wait", "0", "--no-conform", "--json")  # fmt: skip


@pytest.mark.timeout(1900)  # it may have to download PyTorch first
@pytest.mark.parametrize("mode", ["as-written", "tuned"])
def test_a_gpt_learns_and_is_judged(benchdl, tmp_path, mode):
    done = benchdl(
        "run", "torch", "--mode", mode, *SMALL, "--results", str(tmp_path / "results"),
        env={"BENCHDL_CACHE": None}, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["status"] in ("ok", "suspect"), row
    assert (row["metric"], row["score_unit"]) == ("loss_per_character", "nats")
    assert (row["work"], row["work_unit"], row["parameters"]) == (40, "updates", 817_280)
    assert row["score"] < 3.6  # of 84 characters chance gives 4.43
    assert 0.001 < row["score_error"] < 0.05
    file = Path(tmp_path / "results" / row["run_id"] / "result.json")
    measured = json.loads(file.read_text())["measurement"]
    assert measured["score"]["verified"]
    assert measured["score"]["samples"] == 1000
    assert measured["score"]["claimed"] == pytest.approx(row["score"], abs=1e-3)
