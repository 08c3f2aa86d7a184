"""Tables: the columns of 2016, only what may be compared side by side, and no zero for nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import resource

import pytest
from conftest import merged
from printed import cells, rows_by_tool

from harness.tables import published_scores, reference_rows, rows
from harness.tables.data_formats import to_csv, to_json
from harness.tables.markdown import cells as printed_cells
from harness.tables.markdown import to_markdown
from harness.tables.sections import grouped
from runner.workloads import lookup

HEADER = "| Tool | Mode | Time (s) | vs lowest | GPU (%) | GPUs | CPUs | CPU1 (%) | Error rate |"
KEYS = """
    run_id backend variant workload dataset launcher device status time_s first_epoch_s
    steady_epoch_s gpu_percent gpus_used gpus_visible cpus cpu1_percent error_rate_percent
    parameters findings
""".split()  # noqa: SIM905
FAILED = {
    "status": "failed",
    "measurement": None,
    "failure": {"reason": "timeout", "message": "it took too long"},
}
INVALID = {
    "findings": [
        {"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "another seed"}
    ]
}
SUSPECT = {
    "findings": [
        {"code": "foreign-load", "severity": "suspect", "evidence": "40 s", "advice": "again"}
    ]
}


def table_of(*results):
    return [rows.row(result) for result in results]


def tool_lines(markdown):
    """First cell to the others but the mode, of every line of the tables by tool."""
    lines = [list(row.values()) for row in rows_by_tool(markdown)]
    return {line[0]: line[2:] for line in lines}


def timed(make_result, time_s, **changes):
    measurement = {"phases": {"fit_s": time_s}}
    return make_result(measurement=measurement, **changes)


THEANO = {"backend": "theano", "title": "Keras (theano)"}


def test_header_is_the_seeds(make_result):
    header = to_markdown(table_of(make_result())).splitlines()[2]
    assert re.sub(r" +", " ", header) == HEADER


def test_a_line_holds_the_figures_of_its_run(make_result):
    lines = tool_lines(to_markdown(table_of(make_result())))
    assert lines == {"Keras (tensorflow)": ["176.4", "1.00", "-", "-", "2", "96", "0.83 ±0.09 %"]}


def test_tools_are_sorted_by_time_and_compared_with_the_best(make_result):
    table = table_of(timed(make_result, 74.0, job=THEANO), timed(make_result, 37.0))
    lines = tool_lines(to_markdown(table))
    assert list(lines) == ["Keras (tensorflow)", "Keras (theano)"]
    assert [line[1] for line in lines.values()] == ["1.00", "2.00"]


def gpu(*utilisations, used=True):
    devices = [
        {
            "index": i,
            "uuid": f"GPU-{i}",
            "name": "Tesla K80",
            "utilisation_percent": u,
            "used": used,
        }
        for i, u in enumerate(utilisations)
    ]
    return {"state": "ok", "devices": devices}


def test_gpu_columns(make_result):
    use = gpu(66.0, 70.0)
    use["devices"][1]["used"] = False
    result = make_result(job={"device": "gpu"}, measurement={"gpu": use})
    (line,) = tool_lines(to_markdown(table_of(result))).values()
    assert line[2:4] == ["66", "1/2"]


def test_an_idle_gpu_is_a_measured_zero(make_result):
    row = rows.row(make_result(job={"device": "gpu"}, measurement={"gpu": gpu(0.0)}))
    assert row.gpu_percent == 0.0
    (line,) = tool_lines(to_markdown([row])).values()
    assert line[2] == "0"


@pytest.mark.parametrize(
    ("seconds", "source", "shown"),
    [
        (4.99, "readings", "-"),
        (4.99, None, "-"),  # of before there were periods
        (5.0, "readings", "83"),
        (5.0, None, "83"),
        (1.0, "periods", "83"),
    ],
)
def test_readings_of_a_short_window_are_not_measured(make_result, seconds, source, shown):
    use = gpu(83.0)
    use["devices"][0]["utilisation_source"] = source
    measured = {"gpu": use, "phases": {"fit_s": seconds}}
    row = rows.row(make_result(job={"device": "gpu"}, measurement=measured))
    (line,) = tool_lines(to_markdown([row])).values()
    assert line[2:4] == [shown, "1/1"]


def test_a_gpu_that_tells_no_utilisation_is_not_idle(make_result):
    row = rows.row(make_result(job={"device": "gpu"}, measurement={"gpu": gpu(None)}))
    assert (row.gpu_percent, row.gpus_used, row.gpus_visible) == (None, 1, 1)
    (line,) = tool_lines(to_markdown([row])).values()
    assert line[2:4] == ["-", "1/1"]


def test_what_was_not_measured_is_null_and_a_dash(make_result):
    nothing = {"busy_cores": None, "busiest_core_percent": None, "job_cpu_s": None}
    row = rows.row(make_result(measurement={"cpu": nothing, "memory": {"rss_peak_bytes": None}}))
    empty = [
        "gpu_percent",
        "gpus_used",
        "gpus_visible",
        "cpus",
        "cpu1_percent",
        "compile_s",
        "job_cpu_s",
        "rss_peak_bytes",
    ]
    (shown,) = json.loads(to_json([row]))
    assert [shown[key] for key in empty] == [None] * len(empty)
    (line,) = csv.DictReader(io.StringIO(to_csv([row])))
    assert [line[key] for key in empty] == [""] * len(empty)
    (cell,) = tool_lines(to_markdown([row])).values()
    assert cell[2:6] == ["-", "-", "-", "-"]


def test_a_failed_run_has_no_figures_at_all(make_result):
    (shown,) = json.loads(to_json(table_of(make_result(**FAILED))))
    figures = [
        key for key in KEYS if key.endswith(("_s", "_percent")) or key in ("cpus", "parameters")
    ]
    assert len(figures) == 8
    assert {shown[key] for key in figures} == {None}
    assert shown["status"] == "failed"
    assert shown["failure"] == "timeout: it took too long"


def test_one_epoch_has_no_steady_epoch(make_result):
    epochs = [{"number": 1, "duration_s": 18.6, "loss": 0.3}]
    row = rows.row(make_result(job={"budget": {"count": 1}}, measurement={"laps": epochs}))
    assert (row.first_epoch_s, row.steady_epoch_s) == (18.6, None)


def test_first_and_steady_epoch(make_result):
    row = rows.row(make_result())
    assert (row.first_epoch_s, row.steady_epoch_s) == (18.6, 17.5)
    assert row.error_rate_percent == pytest.approx(0.83)
    assert row.images_per_s == pytest.approx(600_000 / 176.4)


@pytest.mark.parametrize(
    "changes",
    [
        {"job": {**THEANO, "launcher": "local"}},
        {"job": {**THEANO, "device": "gpu"}},
        {"job": {**THEANO, "dataset": "synthetic-mnist"}},
        {"job": {**THEANO, "workload": "another"}},
        {"job": {**THEANO, "budget": {"count": 1}}},
        {"job": {**THEANO, "threads": 1}},
        {"job": {**THEANO, "batch_size": 64}},
        {"job": {**THEANO, "settings": {"precision": "tf32"}}},
        {"job": THEANO, "measurement": {"work": {"train_samples": 1000}}},
        {"job": THEANO, "launch": {"machine": "another, 2 cores"}},
    ],
    ids=lambda changes: str(changes)[-40:],
)
def test_what_cannot_be_compared_never_shares_a_section(make_result, changes):
    sections = grouped(table_of(make_result(), make_result(**changes)))
    assert [len(section.lines) for section in sections] == [1, 1]
    assert len({section.caption for section in sections}) == 2
    assert [section.lines[0].values["ratio"] for section in sections] == [1.0, 1.0]


def test_captions_name_launcher_dataset_device_and_machine(make_result):
    (section,) = grouped(table_of(make_result()))
    for words in (
        "launcher docker",
        "dataset mnist",
        "device cpu",
        "60,000 images, 10 epochs",
        "E5-2686",
    ):
        assert words in section.caption


def test_a_batch_size_of_its_own_is_named_and_the_recipes_is_not(make_result):
    own, small = make_result(), make_result(job={"batch_size": 64})
    assert [row.batch_size for row in table_of(own, small)] == [128, 64]
    captions = [section.caption for section in grouped(table_of(own, small))]
    assert sorted("batch 64" in caption for caption in captions) == [False, True]
    assert not any("batch 128" in caption for caption in captions)
    failed = make_result(job={"batch_size": 64}, **FAILED)
    assert [row.batch_size for row in table_of(failed, make_result(**FAILED))] == [64, 128]


def test_a_run_that_failed_stands_below_the_table_of_its_like(make_result):
    failed = make_result(**FAILED)
    assert table_of(failed)[0].train_samples == 60_000
    (section,) = grouped(table_of(failed, make_result()))
    assert "60,000 images" in section.caption
    assert "failed, not in the table" in section.doubts[0]
    few, played = {"train_samples": 1000}, {"workload": "dqn-bricks", "dataset": "bricks"}
    unknown = {"workload": "another"}
    asked = [make_result(job=job, **FAILED) for job in (few, played, unknown)]
    assert [row.train_samples for row in table_of(*asked)] == [1000, None, None]


def test_a_run_that_failed_before_it_told_its_gpu_stands_with_its_campaign(make_result):
    job = {"device": "gpu"}
    gpu = {"state": "ok", "devices": [{"index": 0, "name": "NVIDIA A", "uuid": "GPU-1",
           "memory_total_bytes": 1}]}  # fmt: skip
    measured = make_result(job=job, measurement={"gpu": gpu})
    failed = make_result(job=job, **FAILED)
    (section,) = grouped(table_of(failed, measured))
    assert "device gpu (NVIDIA A)" in section.caption
    other = merged(gpu, {"devices": [{**gpu["devices"][0], "name": "NVIDIA B"}]})
    elsewhere = make_result(job={**job, "campaign_id": "another"}, **FAILED)
    either = make_result(job=job, measurement={"gpu": other})
    for apart in ([elsewhere], [failed, either]):
        captions = [section.caption for section in grouped(table_of(measured, *apart))]
        assert any("device gpu ·" in caption for caption in captions)


def test_a_row_knows_its_place_in_its_campaign(make_result):
    (row,) = table_of(make_result(job={"campaign_position": 3, "attempt": 2}))
    assert (row.campaign_position, row.attempt) == (3, 2)
    (old,) = table_of(make_result())
    assert (old.campaign_position, old.attempt) == (None, 1)


def test_repeats_are_one_line_with_the_median(make_result):
    results = [
        timed(make_result, s, job={"repeat": n}) for n, s in enumerate([30.0, 90.0, 31.0], 1)
    ]
    (section,) = grouped(table_of(*results))
    (label, _, time_s, *_) = printed_cells(section.lines[0], section.columns)
    assert label == "Keras (tensorflow) (median of 3)"
    assert time_s == "31.0"


def test_the_best_is_the_lowest_median(make_result):
    slow_once = [timed(make_result, seconds) for seconds in (10.0, 40.0, 44.0)]
    steady = [timed(make_result, seconds, job=THEANO) for seconds in (20.0, 20.0, 21.0)]
    lines = tool_lines(to_markdown(table_of(*slow_once, *steady)))
    assert [line[:2] for line in lines.values()] == [["20.0", "1.00"], ["40.0", "2.00"]]


def test_variants_and_overrides_have_lines_of_their_own(make_result):
    pool = {"variant": "pool"}
    override = {"variant": "pool", "overrides": {"memory_pool.fraction": 0.5}}
    table = table_of(make_result(), make_result(job=pool), make_result(job=override))
    assert set(tool_lines(to_markdown(table))) == {
        "Keras (tensorflow)",
        "Keras (tensorflow), pool",
        "Keras (tensorflow), pool, memory_pool.fraction=0.5",
    }


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (INVALID, "invalid, not in the table (invalid: not-learned)"),
        (FAILED, "failed, not in the table (timeout: it took too long)"),
        ({**FAILED, "status": "interrupted"}, "interrupted, not in the table"),
    ],
    ids=["invalid", "failed", "interrupted"],
)
def test_bad_runs_are_listed_and_never_averaged(make_result, bad, words):
    spoilt = make_result(**bad)
    if bad is INVALID:
        spoilt = timed(make_result, 1.0, **bad)
    markdown = to_markdown(table_of(timed(make_result, 37.0), spoilt))
    assert tool_lines(markdown)["Keras (tensorflow)"][0] == "37.0"
    (note,) = [line for line in markdown.splitlines() if words in line]
    assert note.startswith("- Keras (tensorflow): ")
    assert spoilt.run_id in note


def test_a_store_of_failures_only_has_no_table(make_result):
    markdown = to_markdown(table_of(make_result(**FAILED)))
    assert "| Tool" not in markdown
    assert "timeout" in markdown


def test_a_lone_suspect_run_is_shown_and_marked(make_result):
    markdown = to_markdown(table_of(timed(make_result, 37.0, **SUSPECT)))
    assert tool_lines(markdown)["Keras (tensorflow) (suspect)"][0] == "37.0"
    assert "suspect (suspect: foreign-load)" in markdown


def test_a_suspect_run_is_not_averaged_with_a_good_one(make_result):
    both = [timed(make_result, 37.0), timed(make_result, 99.0, **SUSPECT)]
    markdown = to_markdown(table_of(*both))
    assert tool_lines(markdown)["Keras (tensorflow)"][0] == "37.0"
    assert f"suspect, not in the table (suspect: foreign-load) {both[1].run_id}" in markdown


def test_the_note_of_a_local_stack_is_shown_once(make_result):
    note = "TensorFlow 2.15 instead of the image's 2.11"
    job = {"launcher": "local", "provenance": {"kind": "environment", "note": note}}
    markdown = to_markdown(table_of(make_result(job=job), make_result(job=job)))
    assert markdown.count(note) == 1


def test_definitions_are_below_every_table(make_result):
    markdown = to_markdown(table_of(make_result()))
    assert markdown.rstrip().splitlines()[-1].startswith("> ")
    for column in (
        "Time (s):",
        "Mode:",
        "vs lowest:",
        "GPU (%):",
        "GPUs:",
        "CPUs:",
        "CPU1 (%):",
        "Error rate:",
    ):
        assert column in markdown.partition("> ")[2]


def test_json_and_csv_have_the_keys_of_the_issue(make_result):
    table = table_of(make_result(**SUSPECT), make_result(**FAILED))
    listed = json.loads(to_json(table))
    assert [set(KEYS) - set(row) for row in listed] == [set(), set()]
    assert listed[0]["findings"] == ["suspect: foreign-load"]
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert list(lines[0]) == list(listed[0])
    assert lines[0]["findings"] == "suspect: foreign-load"
    assert len(lines) == 2


def test_no_results_say_how_to_get_some():
    assert "make bench" in to_markdown([])
    assert to_json([]) == "[]"
    assert len(to_csv([]).splitlines()) == 1


def test_reference_rows_are_marked_as_other_hardware(make_result, stored, benchdl, tmp_path):
    stored(tmp_path / "results", make_result())
    plain = benchdl("table").stdout
    assert "K80" not in plain
    both = benchdl("table", "--with-reference").stdout
    assert both.startswith(plain.rstrip("\n"))
    added = both[len(plain.rstrip("\n")) :]
    assert reference_rows.TITLE in added
    assert published_scores.TITLE in added
    assert "other hardware" in added
    lines = tool_lines(added)
    assert lines["Keras (tensorflow), Tesla K80"] == ["37", "1.00", "66", "-", "4", "18", "0.8 %"]
    assert lines["Keras (theano), Tesla K80"][0] == "146"
    assert "| p2.8xlarge (8 K80)" in added
    by_instance = {line[0]: line[1:] for line in map(cells, added.splitlines())}
    assert by_instance["p2.8xlarge (8 K80)"] == ["36", "67", "1/8"]
    assert by_instance["g2.2xlarge (GRID K520)"][:2] == ["56", "70"]


def test_published_scores_are_of_workloads_and_in_the_report_as_well():
    assert {row[0] for row in published_scores.ROWS} <= set(lookup.names())
    *_, last = reference_rows.document()["tables"]
    assert (last["title"], last["lines"]) == (published_scores.TITLE, published_scores.ROWS)
    assert all(len(row) == len(last["header"]) for row in last["lines"])


@pytest.mark.alone
def test_a_thousand_results_in_five_seconds_of_work(make_result, benchdl, tmp_path):
    packages = {f"lib-number-{n}-dev": f"1:{n}.2.3-4+deb11u{n}" for n in range(300)}
    for _ in range(1000):
        result = make_result(job={"provenance": {"debian_packages": packages}})
        folder = tmp_path / "results" / result.run_id
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(result.model_dump_json(indent=1))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = benchdl("table", "--format", "json")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(json.loads(done.stdout)) == 1000
    # Its own processor time: what else the machine does is not counted.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5.0


def test_five_repeats_have_an_interval_and_four_have_none(make_result):
    times = [31.0, 30.0, 32.0, 30.5, 31.5]
    for count, cell in ((4, "30.8"), (5, "31.0 (30.0 to 32.0)")):
        results = [
            timed(make_result, seconds, job={"repeat": n})
            for n, seconds in enumerate(times[:count], 1)
        ]
        (section,) = grouped(table_of(*results))
        assert printed_cells(section.lines[0], section.columns)[2] == cell
        assert len(json.loads(to_json(table_of(*results)))) == count
