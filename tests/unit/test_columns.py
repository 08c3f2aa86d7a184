"""One column, one row: what tables, data, report and pages of docs say of it comes from there."""

from __future__ import annotations

import json
import subprocess
import sys
import typing

import definitions_page
import pytest

from harness.report import charts
from harness.tables import column, columns, rows, sections
from harness.tables.column import Column
from harness.tables.data_formats import to_json

# What programs of users read: a key stays, and keeps its place.
KEYS = """
    run_id campaign_id backend tool mode variant workload dataset launcher device status
    time_s first_epoch_s steady_epoch_s import_s build_s compile_s time_and_compile_s evaluate_s
    total_s images_per_s
    gpu_percent gpus_used gpus_visible gpu_name gpu_memory_peak_bytes power_mean_w energy_j
    energy_source
    cpus cpu1_percent job_cpu_s job_cpus rss_peak_bytes
    error_rate_percent error_rate_se_points parameters
    epochs train_samples threads batch_size seed repeat campaign_position attempt precision layout
    overrides
    software settings image_id locks_sha256 runner_sha256 harness note machine kernel
    findings failure started_at
""".split()  # noqa: SIM905


def test_keys_of_before_stay_in_their_order(make_result):
    (told,) = json.loads(to_json([rows.row(make_result())]))
    assert [key for key in told if key in KEYS] == KEYS
    assert list(told) == [known.key for known in columns.COLUMNS]


def test_each_key_title_and_figure_is_of_one_column():
    keys = [known.key for known in columns.COLUMNS]
    compared = [known.compared for known in columns.COLUMNS if known.compared]
    assert len(set(keys)) == len(keys)
    assert len(set(compared)) == len(compared)
    for place in typing.get_args(column.Place):
        heads = [known.head for known in columns.shown_in(place)]
        assert heads
        assert len(set(heads)) == len(heads)


@pytest.mark.parametrize("known", columns.COLUMNS, ids=lambda known: known.key)
def test_a_column_is_sound(known):
    assert known.read
    assert known.title
    assert known.definition.endswith(".")
    assert known.beside in ("", *columns.BY_KEY)
    assert set(known.only) <= set(columns.BY_KEY)
    if known.compared:  # its verdicts are faster and slower
        assert (known.better, known.unit) == ("lower", "s")


def test_what_code_reads_of_a_row_is_a_column():
    assert set(rows.Row.__annotations__) <= set(columns.BY_KEY)


def test_where_a_rank_is_named_it_orders_the_place():
    heads = [known.title for known in columns.shown_in("phases")]
    assert heads[:3] == ["Import", "Build", "Compile"]


FURTHER = """
import sys
from harness.tables import columns_time
from harness.tables.column import Column, measured

row = Column(
    "doubled_s", "Doubled", "twice Time (s).", read=measured(lambda m: 2 * m.phases.fit_s),
    unit="s", digits=1, better="lower", compared="doubled",
    shown={"table": 9, "phases": 9, "runs": 20, "detail": 1},
)
columns_time.COLUMNS += (row,)  # as a row at the end of the file would

from harness.report import document, texts
from harness.tables import data_formats, markdown, rows
from harness.tables.columns import COMPARED
from runner.contract.result import load_result

result = load_result(sys.stdin.read())
flat = [rows.row(result)]
page = document.build(document.Source([result], {}))
(section,) = page["scopes"][""]["tool"]
(line,) = section["lines"]
fields = [field for field in page["fields"] if field["key"] == "doubled_s"]
for told in (
    '"doubled_s": 352.8' in data_formats.to_json(flat),
    ",doubled_s," in data_formats.to_csv(flat),
    "| Doubled (s) |" in markdown.to_markdown(flat),
    "Doubled: twice Time (s)." in markdown.to_markdown(flat),
    "Doubled (s)" in texts.csv_lines([result]),
    [field["head"] for field in fields] == ["Doubled (s)"],
    page["columns"]["doubled_s"] == {"v": [352.8]},
    "352.8" in line["cells"] and "352.8" in line["phases"],
    "doubled" in COMPARED,
):
    print(told)
"""


def test_a_further_row_is_in_everything_that_prints(make_result):
    done = subprocess.run(
        [sys.executable, "-c", FURTHER],
        input=make_result().model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["True"] * 9


EXAMPLE = Column("x_bytes", "X", "an example.", unit="GiB", digits=1, divisor=2**30)


@pytest.mark.parametrize(
    ("changes", "values", "head", "text"),
    [
        ({}, {"x_bytes": 3 * 2**29}, "X (GiB)", "1.5"),
        ({}, {"x_bytes": None}, "X (GiB)", "-"),
        ({}, {"x_bytes": 0}, "X (GiB)", "0.0"),
        ({"unit_in_cell": True}, {"x_bytes": 2**30}, "X", "1.0 GiB"),
        ({"grouped": True, "divisor": 1}, {"x_bytes": 12345}, "X (GiB)", "12,345.0"),
        ({"digits": None, "unit": ""}, {"x_bytes": ["a", "b"]}, "X", "a, b"),
        ({"beside": "y", "joint": "/"}, {"x_bytes": 2**30, "y": 2**31}, "X (GiB)", "1.0/2.0"),
        ({"beside": "y", "joint": "/"}, {"x_bytes": 2**30, "y": None}, "X (GiB)", "1.0"),
    ],
)
def test_a_cell_is_a_number_until_it_is_printed(changes, values, head, text):
    known = Column(**{**vars(EXAMPLE), **changes})
    assert known.head == head
    assert known.text(values) == text


def test_runs_are_folded_by_what_the_column_says():
    several = [{"x_bytes": 1, "y": 3}, {"x_bytes": None, "y": 4}, {"x_bytes": 4, "y": 5}]
    assert EXAMPLE.folded(several) == {"x_bytes": 2.5}
    newest = Column(**{**vars(EXAMPLE), "beside": "y", "fold": column.last})
    assert newest.folded(several) == {"x_bytes": 4, "y": 5}
    assert EXAMPLE.folded([{"x_bytes": None}]) == {"x_bytes": None}


def test_lines_hold_numbers_and_no_texts(make_result):
    (section,) = sections.grouped([rows.row(make_result())])
    (line,) = section.lines
    shown = (*section.columns, *columns.shown_in("phases"))
    assert {known.key for known in shown} <= set(line.values)
    assert all(value is None or isinstance(value, int | float) for value in line.values.values())


def test_charts_are_titled_as_the_tables(make_result):
    drawn = json.dumps(charts.specs())
    assert f'"{columns.BY_KEY["time_s"].head}"' in drawn


def test_the_page_of_definitions_has_every_column_as_it_is():
    """``python tests/definitions_page.py`` writes the page's tables anew."""
    page = definitions_page.PAGE.read_text(encoding="utf-8")
    assert sorted(definitions_page.groups(page)) == sorted(columns.GROUPS)
    assert page == definitions_page.renewed(page), "run: python tests/definitions_page.py"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("time_s", 0.04, "0.04"),
        ("time_s", 0.0, "0.0"),
        ("time_s", 0.06, "0.1"),
        ("after_last_lap_s", -3.1e-15, "0.00"),
        ("gpu_percent", 0.3, "0.3"),
        ("peak_percent", 0.0021, "0.002"),
    ],
)
def test_what_was_measured_is_never_printed_as_nothing(key, value, text):
    assert columns.BY_KEY[key].text({key: value}) == text
