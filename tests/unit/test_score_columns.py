"""The score's column is named, printed and ordered as the workload's metric says."""

from __future__ import annotations

import csv
import io
import json

import pytest

from harness.report import parts, runs, texts
from harness.tables import rows, score_columns, views
from harness.tables.columns import BY_KEY
from harness.tables.data_formats import to_json
from harness.tables.markdown import cells, header, to_markdown
from harness.tables.sections import grouped

ACCURACY = {"metric": "accuracy", "value": 0.9917, "unit": "share", "better": "higher"}
LOSS = {"metric": "loss", "value": 1.25, "unit": "nats", "better": "lower"}
AUC = {"metric": "auc", "value": 0.787, "unit": "", "better": "higher"}
RETURN = {"metric": "mean_return", "value": -2.5, "unit": "", "better": "higher"}


def scored(make_result, score, **job):
    """A result of another workload than cnn-mnist, with this score."""
    named = {"workload": f"by-{score['metric']}", **job}
    unknown = {"sampling_error": None, "samples": None, "claimed": None}
    return make_result(job=named, measurement={"score": {**unknown, **score}})


@pytest.mark.parametrize(
    ("score", "head", "cell"),
    [
        ({**ACCURACY, "samples": 10_000}, "Accuracy", "99.17 ±0.09 %"),
        (LOSS, "Loss", "1.2500 nats"),
        ({**LOSS, "sampling_error": 0.01}, "Loss", "1.2500 ±0.0100 nats"),
        (AUC, "AUC", "0.7870"),
        (RETURN, "Mean return", "-2.5000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_names_the_metric_and_its_unit(make_result, score, head, cell):
    row = rows.row(scored(make_result, score))
    (section,) = grouped([row])
    shown = dict(
        zip(header(section.columns), cells(section.lines[0], section.columns), strict=True)
    )
    assert shown[head] == cell
    assert "Error rate" not in shown
    column = section.columns[-1]
    assert column.better == score["better"]
    markdown = to_markdown([row])
    assert f"> {head}: " in markdown
    assert "Error rate" not in markdown


def test_an_error_rate_keeps_its_column(make_result):
    assert score_columns.of_rows([rows.row(make_result()).values]) is BY_KEY["error_rate_percent"]


def test_every_table_has_the_metric_of_its_workload(make_result):
    both = [rows.row(make_result()), rows.row(scored(make_result, AUC))]
    heads = [section.columns[-1].head for section in grouped(both)]
    assert sorted(heads) == ["AUC", "Error rate"]
    assert score_columns.of_rows([row.values for row in both]) is score_columns.SCORE
    below = to_markdown(both).partition("> ")[2]
    assert "AUC: " in below
    assert "Error rate: " in below


def test_no_measurement_has_no_metric(make_result):
    failed = make_result(
        status="failed", measurement=None, failure={"reason": "timeout", "message": "late"}
    )
    assert score_columns.of_rows([rows.row(failed).values]) is score_columns.SCORE
    assert score_columns.of_rows([]) is score_columns.SCORE


def test_data_has_the_score_and_no_error_rate(make_result):
    (told,) = json.loads(to_json([rows.row(scored(make_result, LOSS))]))
    assert (told["metric"], told["score"], told["score_unit"]) == ("loss", 1.25, "nats")
    assert (told["error_rate_percent"], told["error_rate_se_points"]) == (None, None)


def test_the_reports_csv_has_both_and_mixes_neither(make_result):
    text = texts.csv_lines([make_result(), scored(make_result, AUC)])
    lines = [line for line in csv.DictReader(io.StringIO(text)) if line["side"] == "tool"]
    found = {line["Metric"]: (line["Error rate"], line["Score"]) for line in lines}
    assert found == {"error_rate": ("0.83 ±0.09 %", "0.0083"), "auc": ("", "0.787")}


def test_the_page_knows_each_metric_and_that_of_each_section(make_result):
    table = [rows.row(make_result()), rows.row(scored(make_result, AUC))]
    assert {name: field["head"] for name, field in runs.scores(table).items()} == {
        "error_rate": "Error rate",
        "auc": "AUC",
    }
    number = {row.run_id: index for index, row in enumerate(table)}
    shown = parts.of_side(table, views.TOOL, number)
    assert sorted(section["score"]["key"] for section in shown) == ["error_rate_percent", "score"]
    for section in shown:
        (line,) = section["lines"]
        assert line["values"][section["score"]["key"]] is not None


def test_show_names_the_metric(make_result, stored, benchdl, tmp_path):
    stored(tmp_path / "results", scored(make_result, AUC))
    shown = benchdl("show", "latest").stdout
    assert "AUC                          0.7870\n" in shown
    assert "Error rate" not in shown
