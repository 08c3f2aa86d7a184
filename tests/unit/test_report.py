"""What a report is made of: the same numbers as the tables, and nothing lost on the way."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import itertools
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import report_data

from harness.campaign import plan, sharing
from harness.cli import request, run
from harness.report import commands, document, library, packing, parts, runs, texts
from harness.tables.all_sides import SIDES
from harness.tables.markdown import cells, to_markdown
from harness.tables.rows import row
from harness.tables.sections import grouped

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def results():
    return list(
        report_data.results(
            tools=["tf", "theano"],
            modes=("as-written", "tuned"),
            variants=("default", "no-pool"),
            devices=("cpu", "gpu"),
            machines=2,
            repeats=5,
            campaigns=2,
        )
    )


def test_a_column_keeps_every_value():
    texts_, numbers = ["a", None, "b", "a"], [1.23456789, None, 3, True]
    packed = packing.pack(texts_)
    assert [None if c < 0 else packed["d"][c] for c in packed["c"]] == texts_
    assert packing.pack(numbers)["v"] == [1.234568, None, 3, True]


def test_packed_text_is_the_document_and_no_markup():
    text = packing.packed({"x": "</script><!-- ü"})
    assert json.loads(gzip.decompress(base64.b64decode(text))) == {"x": "</script><!-- ü"}
    assert not set("<>&") & set(text)


def test_every_field_of_a_row_reaches_the_page(results):
    rows = [row(result) for result in results]
    columns = runs.columns(rows)
    assert set(columns) == {field["key"] for field in runs.fields(rows)} - {"failure"}
    assert set(rows[0].values) == set(columns) | {"failure"}
    assert columns["findings"]["v"] == [len(table_row.findings) for table_row in rows]


def test_details_share_what_is_alike_and_lose_nothing(results):
    details = runs.details(results)
    assert len(details["texts"]) < 3 * len(results)
    for number, result in enumerate(results):
        found = [json.loads(details["texts"][n]) for n in details["findings"][number]]
        assert found == [finding.model_dump() for finding in result.findings]
        provenance = json.loads(details["texts"][details["parts"]["provenance"][number]])
        assert provenance == result.job.provenance.model_dump()
        assert (details["failure"][number] >= 0) == (result.failure is not None)


def test_lines_are_those_of_the_tables_and_of_usable_runs(results):
    rows = [row(result) for result in results]
    scopes = parts.scopes(rows)
    assert set(scopes) == {"", *(table_row.campaign_id for table_row in rows)}
    for side in SIDES.values():
        ours = scopes[""][side.name]
        theirs = grouped(rows, side)
        assert [table["caption"] for table in ours] == [table.caption for table in theirs]
        for mine, section in zip(ours, theirs, strict=True):
            by_name = {tuple(line["name"]): line for line in mine["lines"]}
            assert len(by_name) == len(mine["lines"]) == len(section.lines)
            for theirs_of in section.lines:
                line = by_name[theirs_of.name]
                time_s, ratio, bounds, count, *others = line["cells"]
                printed = f"{time_s} ({bounds})" if bounds != "-" else time_s
                assert [printed, ratio, *others] == list(cells(theirs_of, section.columns)[2:])
                assert count == str(len(line["runs"]))
                assert line["values"]["time_s"] == pytest.approx(theirs_of.values["time_s"])
                statuses = {rows[n].status for n in line["runs"]}
                assert statuses in ({"ok"}, {"suspect"})
                assert {rows[n].status for n in line["beside"]} <= {"suspect"}
    counted = sum(len(table["rows"]) for table in scopes[""]["tool"])
    assert counted == len(rows)


def test_lines_of_one_tool_stand_together_the_best_first(results):
    rows = [row(result) for result in results]
    for section in parts.scopes(rows)[""]["tool"]:
        names = [line["name"][0] for line in section["lines"]]
        assert [name for name, _ in itertools.groupby(names)] == list(dict.fromkeys(names))
        best = [line["values"]["time_s"] for line in section["lines"]]
        assert not best or best[0] == min(best)


def test_a_table_keeps_its_id_in_every_report(results):
    few, all_of_them = ([row(result) for result in some] for some in (results[:8], results))
    ids = {section["caption"]: section["id"] for section in parts.scopes(all_of_them)[""]["tool"]}
    assert len(set(ids.values())) == len(ids)
    for section in parts.scopes(few)[""]["tool"]:
        assert section["id"] == ids[section["caption"]]


def test_a_campaign_has_medians_of_its_own_runs(results):
    rows = [row(result) for result in results]
    for campaign, sides in parts.scopes(rows).items():
        lines = [line for table in sides["tool"] for line in table["lines"]]
        assert lines
        if campaign:
            assert {rows[n].campaign_id for line in lines for n in line["runs"]} == {campaign}


def test_segments_are_of_one_run_and_add_up_to_its_total(results):
    rows = [row(result) for result in results]
    (line, *_) = [line for table in parts.scopes(rows)[""]["tool"] for line in table["lines"]]
    total = sum(part for part in line["segments"] if part is not None)
    assert min(abs(total - rows[n].total_s) for n in line["runs"]) < 1e-3


@pytest.mark.parametrize(("runs_of_it", "percent"), [(4, None), (5, 93.75), (6, 95.0), (9, 95.0)])
def test_an_interval_says_how_likely_it_holds_the_median(make_result, runs_of_it, percent):
    made = [row(make_result()) for _ in range(runs_of_it)]
    (section,) = parts.scopes(made)[""]["tool"]
    assert section["lines"][0]["values"]["interval_percent"] == percent


def test_one_campaign_is_computed_once(make_result):
    rows = [row(make_result()), row(make_result())]
    assert set(parts.scopes(rows)) == {""}


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"variant": "no-pool", "seed": 7, "threads": 1, "batch_size": 64, "train_samples": 6000},
        {"device": "gpu", "gpus": ["0", "2"], "launcher": "local", "allow_unpinned": True},
        {
            "settings": {"mode": "tuned"},
            "overrides": {"memory_pool.fraction": 0.5, "cudnn.enabled": False},
        },
        {"device": "gpu", "gpus": ["0", "2"], "ranks": 2, "batch_size": 256},
        {"ranks": 2},
        {"device": "gpu", "gpus": ["0", "2"], "ranks": 2, "batch_size": 128, "batch_per_gpu": 64},
        {"device": "gpu", "gpus": ["0"], "batch_size": 64, "batch_per_gpu": 64},
        {"batch_size": 64, "batch_per_gpu": 64},
    ],
)
def test_the_command_to_run_again_asks_for_the_same_job(make_result, job, monkeypatch):
    wanted = make_result(job=job).job
    words = shlex.split(commands.command(wanted))
    assert words[:2] == ["benchdl", "run"]
    context = run.command.make_context("run", words[2:])
    options = request.options(context, context.params, lambda line: None)
    assert options.backends == [wanted.backend]
    assert options.devices == [wanted.device]
    assert options.modes == [wanted.settings.mode]
    assert options.variants == [wanted.variant]
    assert options.threads == [wanted.threads]
    assert options.batch_per_gpu == wanted.batch_per_gpu
    (asked,), (ranks,) = options.batch_sizes, options.ranks
    assert sharing.batch_size(asked, ranks, options) == wanted.batch_size
    assert ranks == (wanted.ranks or (1 if wanted.batch_per_gpu else None))
    assert context.params["launcher"] == wanted.launcher
    for name in ("gpus", "train_samples", "seed", "dataset", "overrides", "workload"):
        assert getattr(options, name) == getattr(wanted, name), name
    assert plan.budget(options) == wanted.budget
    assert options.allow_unpinned == wanted.allow_unpinned


def test_markdown_holds_the_printed_tables_and_the_advice(results):
    text = texts.markdown(results)
    rows = [row(result) for result in results]
    for side in SIDES.values():
        assert to_markdown(rows, side) in text
    assert "`not-learned`" in text
    assert "try another seed" in text


def test_csv_has_a_line_for_each_line_of_every_table(results):
    lines = list(csv.DictReader(io.StringIO(texts.csv_lines(results))))
    rows = [row(result) for result in results]
    want = sum(len(section.lines) for side in SIDES.values() for section in grouped(rows, side))
    assert len(lines) == want
    assert {line["side"] for line in lines} == set(SIDES) - {
        "dataset",
        "gpus",
    }  # one workload, on one GPU
    assert all(float(line["time_s"]) > 0 for line in lines)


def test_the_newest_runs_get_timelines(tmp_path):
    kept = report_data.store(tmp_path, report_data.results(tools=["tf"], spoil=False), samples=5)
    folders = {result.run_id: tmp_path / result.run_id for result in kept}
    for wish, want in ((2, 2), (0, 0), (None, 5), (99, 5)):
        made = document.timelines(document.Source(kept, folders, timelines=wish))
        assert len(made) == want
    newest = max(kept, key=lambda result: (result.started_at, result.run_id)).run_id
    assert set(document.timelines(document.Source(kept, folders, timelines=1))) == {newest}


@pytest.mark.slow
def test_the_library_is_made_once_and_closes_no_script(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    made = library.script()
    assert "vegaEmbed" in made
    assert "</script" not in made.lower()
    (kept,) = (tmp_path / "report").iterdir()
    kept.write_text("kept")
    assert library.script() == "kept"


@pytest.mark.slow
def test_the_command_writes_what_was_asked_for(make_result, stored, benchdl, tmp_path):
    stored(tmp_path / "results", make_result())
    done = benchdl("report", "-o", "page.html")
    assert (done.returncode, done.stdout) == (0, "")
    page = (tmp_path / "page.html").read_text()
    assert '<td class="number">176.4</td>' in page  # without JavaScript, too
    assert 'http-equiv="Content-Security-Policy"' in page
    assert benchdl("report", "--format", "md").stdout.startswith("# benchdl report")
    assert benchdl("report", "--format", "csv").stdout.startswith("side,table,line")
    assert (tmp_path / "report.html").exists() is False
    benchdl("report", "--format", "md", "-o", "r.md")
    assert (tmp_path / "r.md").read_text().startswith("# benchdl report")


def test_words_of_a_result_are_text_and_never_markup(make_result, stored, benchdl, tmp_path):
    bad = "<img src=x onerror=alert(1)>"
    stored(tmp_path / "results", make_result(job={"title": bad, "provenance": {"note": bad}}))
    benchdl("report", "-o", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert bad not in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--timelines", "many"], "expected a number of runs, or all"),
        (["-o", "/proc/nowhere/report.html"], "cannot write /proc/nowhere/report.html"),
        (["--format", "pdf"], "'pdf' is not one of"),
    ],
)
def test_a_wrong_request_is_one_line(benchdl, words, line):
    done = benchdl("report", *words)
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert line in done.stderr


def test_a_damaged_result_is_named_in_the_page(make_result, stored, benchdl, tmp_path):
    stored(tmp_path / "results", make_result())
    (tmp_path / "results" / "20261123t000000z-broken").mkdir()
    done = benchdl("report", "-o", "page.html")
    assert "20261123t000000z-broken" in done.stderr
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("required", "outcome"), [(None, "1 skipped"), ("1", "1 error")])
def test_without_chromium_browser_tests_are_skipped_or_fail(tmp_path, required, outcome):
    (tmp_path / "test_it.py").write_text(
        "import pytest\nfrom browser import chromium\npytestmark = pytest.mark.browser\n"
        "@pytest.fixture\ndef page():\n    with chromium() as one:\n        yield one\n"
        "def test_it(page): pass\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "BENCHDL_REQUIRE_CHROMIUM"}
    env |= {"PATH": str(tmp_path), "PYTHONPATH": str(REPO / "tests")}
    env |= {"BENCHDL_REQUIRE_CHROMIUM": required} if required else {}
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-rsE"]
    done = subprocess.run(
        [*command, "--rootdir", tmp_path, tmp_path],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert "no Chromium is installed: browser tests skipped (" in done.stdout
    assert (done.returncode == 0) == (required is None)
