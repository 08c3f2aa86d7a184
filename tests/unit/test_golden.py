"""Results that were stored by earlier versions stay readable and mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bundle import reading, replay
from harness.bundle.unpacking import unpack
from harness.tables import rows
from harness.tables.markdown import to_markdown
from runner.contract.result import load_result

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("schema-*/*.json")), ids=lambda f: f.stem)
def test_a_stored_result_stays_readable(file):
    result = load_result(file.read_text(encoding="utf-8"))
    assert load_result(result.model_dump_json()) == result


def test_the_figures_of_a_stored_result_stay_the_same():
    text = (GOLDEN / "schema-1" / "tf-docker.json").read_text(encoding="utf-8")
    row = rows.row(load_result(text))
    assert (row.backend, row.launcher, row.device, row.status) == ("tf", "docker", "cpu", "ok")
    assert row.time_s == pytest.approx(5.976, abs=0.005)
    assert row.parameters == 65_402
    assert row.error_rate_percent == pytest.approx(0.92, abs=0.005)
    assert row.gpu_percent is None
    assert "| Keras (tensorflow) |" in to_markdown([row])


def test_a_stored_result_of_rounds_has_its_score_and_work():
    text = (GOLDEN / "schema-2" / "rounds-local.json").read_text(encoding="utf-8")
    row = rows.row(load_result(text))
    assert (row.values["metric"], row.values["score_better"]) == ("r2", "higher")
    assert row.values["score"] == pytest.approx(0.3790, abs=5e-5)
    assert (row.values["work"], row.values["work_unit"], row.epochs) == (60, "rounds", None)
    assert row.values["error_rate_percent"] is None


@pytest.mark.parametrize("schema", ["schema-1", "schema-2"])
def test_the_tables_of_stored_results_stay_the_same(schema):
    """Byte for byte, but for the definitions below them."""
    files = sorted((GOLDEN / schema).glob("*.json"))
    results = [load_result(file.read_text(encoding="utf-8")) for file in files]
    printed = to_markdown([rows.row(result) for result in results]).splitlines()
    kept = (GOLDEN / schema / "tables.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in printed if not line.startswith(">")] == kept


def test_an_old_bundle_stays_readable(tmp_path):
    file = GOLDEN / "bundle-1" / "unfinished.tar"
    with reading.opened(file) as bundle:
        digest = "90ae65f4751a5c0f828a475f76540de69232f02883e6c5345694e94247e07a37"
        assert bundle.manifest_sha256 == digest
        assert bundle.manifest.created_by.harness_version == "0.1.0"
        assert bundle.manifest.left == [1, 2, 3]
        assert bundle.campaign().dataset == "mnist"
        results = bundle.results()
        assert [result.job.backend for result in results] == ["tf", "theano"]
        assert results[0].measurement.phases.fit_s == pytest.approx(5.976, abs=0.005)
        root = unpack(bundle, "sources/", tmp_path / "root")
        assert (root / "docker" / "small" / "requirements.lock").read_text() == "numpy==2.0.2\n"
        made = {
            replayed.name for replayed in replay.replay(bundle, tmp_path / "again", force=False)
        }
        assert {"report.md", "runs.csv", "runs.json", "report.html"} <= made
