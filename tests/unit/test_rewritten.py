"""Convolutions that are not the tool's own: every row of such a run says so, wherever it stands."""

from __future__ import annotations

import csv
import io
import json

import pytest

from harness.compare import comparing, text
from harness.report.document import Source, build
from harness.report.texts import markdown as report_markdown
from harness.tables import rows, views
from harness.tables.data_formats import to_csv, to_json
from harness.tables.markdown import to_markdown
from runner.contract.result import Result

ANEW = [{"convolutions_as_products": True}, {"convolution": "patches"}]
OWN = [{"convolutions_as_products": False}, {"convolution": "xla"}, {"layout": "last"}, {}]
GPU = {
    "device": "gpu",
    "provenance": {"reference": "benchdl/tf:gpu", "flavour": "gpu"},
}


def tuned(make_result, said, count=1, seconds=60.0, **job) -> list[Result]:
    return [
        make_result(
            job={"settings": {"mode": "tuned"}, "repeat": repeat, **job},
            measurement={
                "attestation": {"framework": said},
                "phases": {"fit_s": seconds + 0.01 * repeat},
            },
        )
        for repeat in range(1, count + 1)
    ]


def mode_cells(markdown: str) -> list[str]:
    lines = [line.split("|") for line in markdown.splitlines() if line.startswith("| Keras")]
    return [cells[2].strip() for cells in lines]


@pytest.mark.parametrize("said", ANEW)
def test_each_row_of_each_form_has_the_mark(make_result, said):
    results = [make_result(), *tuned(make_result, said)]
    table = [rows.row(result) for result in results]
    markdown = to_markdown(table)
    assert sorted(mode_cells(markdown)) == ["as-written"] * 2 + ["tuned, rewritten"] * 2
    assert "- rewritten (Keras (tensorflow), tuned, rewritten): convolutions are" in markdown
    assert "rewritten, with convolutions besides that are not the tool's own." in markdown
    found = [line["convolutions"] for line in csv.DictReader(io.StringIO(to_csv(table)))]
    assert found == ["", "rewritten"]
    assert [line["convolutions"] for line in json.loads(to_json(table))] == [None, "rewritten"]
    instances = [*table, rows.row(on_another(tuned(make_result, said)[0]))]
    by_instance = to_markdown(instances, views.INSTANCE)
    assert "**Keras (tensorflow) · tuned, rewritten · " in by_instance
    variants = [*table, *map(rows.row, tuned(make_result, said, variant="pool"))]
    assert set(mode_cells(to_markdown(variants, views.VARIANT))) <= {"tuned, rewritten"}
    assert "**Keras (tensorflow) · tuned, rewritten · " in to_markdown(variants, views.VARIANT)


def on_another(result):
    said = result.model_dump()
    return Result.model_validate({**said, "launch": {**said["launch"], "machine": "Another"}})


def test_the_report_has_it_in_tables_in_the_list_of_runs_and_in_its_notes(make_result):
    results = [make_result(), *tuned(make_result, ANEW[0])]
    document = build(Source(results, {}))
    (section,) = document["scopes"][""]["tool"]
    assert sorted(line["name"][1] for line in section["lines"]) == [
        "as-written", "tuned, rewritten"
    ]  # fmt: skip
    assert any(note.startswith("rewritten (") for note in section["notes"])
    assert "rewritten" in json.dumps(document["columns"]["convolutions"])
    assert "tuned, rewritten" in report_markdown(results)


@pytest.mark.parametrize("said", OWN)
def test_without_it_there_is_no_mark(make_result, said):
    table = [rows.row(result) for result in tuned(make_result, said)]
    markdown = to_markdown(table)
    assert mode_cells(markdown) == ["tuned", "tuned"]
    assert "rewritten (" not in markdown
    assert table[0].convolutions is None


def test_no_median_holds_both(make_result):
    both = tuned(make_result, ANEW[0], 3) + tuned(make_result, OWN[0], 3, seconds=200.0)
    markdown = to_markdown([rows.row(result) for result in both])
    assert markdown.count("(median of 3)") == 2
    assert (
        "rows differ in convolutions (rewritten: Keras (tensorflow); the tool's own: " in markdown
    )


def test_a_gpu_is_still_set_beside_the_cpu_whose_convolutions_are_rewritten(make_result):
    on_cpu = tuned(make_result, ANEW[0], seconds=100.0)
    on_gpu = tuned(make_result, OWN[0], seconds=10.0, **GPU)
    by_device = to_markdown([rows.row(result) for result in on_cpu + on_gpu], views.DEVICE)
    cells = [
        [cell.strip() for cell in line.split("|")[2:5]]
        for line in by_device.splitlines()
        if line.startswith("| Keras")
    ][:2]
    assert [(device, ratio) for device, _, ratio in cells] == [
        ("gpu", "9.99"), ("cpu, rewritten", "1.00")
    ]  # fmt: skip


def compared(a, b, *questions):
    sides = ([rows.row(result) for result in a], [rows.row(result) for result in b])
    return comparing.between(sides, questions)


def test_compare_tells_it_and_names_no_winner_between_tools(make_result):
    jax = {"backend": "jax", "title": "JAX"}
    plain = tuned(make_result, OWN[0], 6)
    outcome = compared(plain, tuned(make_result, ANEW[0], 6, seconds=30.0, **jax), "backend")
    assert outcome.lines[0].verdict == "withheld"
    assert "convolutions (none / rewritten)" in text.to_text(outcome)
    modes = compared(
        [make_result(job={"repeat": n}) for n in range(1, 7)],
        tuned(make_result, ANEW[0], 6, seconds=30.0),
        "mode",
    )
    assert modes.lines[0].verdict != "withheld"
    assert "tf tuned rewritten against tf as-written" in text.to_text(modes)
    alike = compared(
        tuned(make_result, ANEW[0], 6), tuned(make_result, ANEW[0], 6, **jax), "backend"
    )
    assert alike.lines[0].verdict != "withheld"
    assert "convolutions rewritten" in text.to_text(alike)
