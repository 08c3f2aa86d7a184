"""``benchdl show``: all that one result holds, whatever was trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import show
from runner.contract.result import load_result

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = sorted(GOLDEN.glob("schema-*/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_stored_result_is_shown(file, stored, tmp_path):
    result = load_result(file.read_text(encoding="utf-8"))
    stored(tmp_path, result)
    done = CliRunner().invoke(show.command, [result.run_id, "-v", "--results", str(tmp_path)])
    assert done.exception is None
    word = "epoch" if result.job.budget.unit == "epochs" else "lap"
    assert f"  {word} {1:>3}  " in done.output
    assert str(result.job.budget) in done.output
    for proof in result.measurement.proofs:
        assert f"    {proof.name}" in done.output


def test_what_all_gpus_have_alike_is_told_once_and_what_is_not_known_never(
    make_result, stored, tmp_path
):
    devices = [{"index": n, "uuid": f"GPU-{n}", "name": "Tesla V100", "used": True,
                "utilisation_percent": 70.0 + n} for n in range(8)]  # fmt: skip
    result = make_result(
        job={"device": "gpu"}, measurement={"gpu": {"state": "ok", "devices": devices}}
    )
    stored(tmp_path, result)
    done = CliRunner().invoke(show.command, ["latest", "-v", "--results", str(tmp_path)])
    assert done.exception is None
    lines = [line.rstrip() for line in done.output.splitlines()]
    assert (lines.count("  each GPU"), lines.count("  GPU")) == (1, 8)
    assert done.output.count("Tesla V100") == 2  # and among the figures
    assert all(f"GPU-{n}" in done.output for n in range(8))
    assert "None" not in done.output
    assert "  marks" not in lines


def test_the_peak_of_a_device_is_shown(make_result, stored, tmp_path):
    peak = {"device": "cpu", "multiplied_in": "float32", "flop_per_s": 1.5e11, "size": 1024,
            "seconds": 0.5, "library": "OpenBLAS", "threads": 2}  # fmt: skip
    result = make_result(measurement={"peaks": [peak]})
    stored(tmp_path, result)
    done = CliRunner().invoke(show.command, ["latest", "-v", "--results", str(tmp_path)])
    assert done.exception is None
    assert "OpenBLAS" in done.output
