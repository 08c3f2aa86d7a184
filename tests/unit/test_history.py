"""``benchdl history``: lines of one machine and one work, changes with what changed beside them."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta, timezone

import pytest
from click.testing import CliRunner
from rich.console import Console

from harness.cli import history
from harness.errors import UsageError
from harness.history import changed, courses, spark
from harness.stats import change_points
from harness.store import Store
from harness.tables import rows
from runner.contract.result import Result

BEGIN = datetime(2026, 10, 1, 3, tzinfo=timezone.utc)
OLD = {"image_id": "sha256:" + 64 * "a"}
NEW = {"image_id": "sha256:" + 64 * "d"}
SUSPECT = [{"code": "foreign-load", "severity": "suspect", "evidence": "40 s", "advice": "again"}]
WAVE = (0, 2, -1, 1, -2, 3, -3, 1, 0, -1)


@pytest.fixture
def nights(make_result):
    """Results of a campaign a night with one start each, one for each time in seconds."""

    def made(times, provenance=lambda night: OLD, first=0, **changes):
        found = []
        for night, time_s in enumerate(times, first):
            at = BEGIN + timedelta(days=night)
            job = {"campaign_id": f"{at:%Y%m%d}t030000z-campaign-cpu-00c0ffee"}
            job |= {"provenance": provenance(night), **changes.get("job", {})}
            measured = {"phases": {"fit_s": time_s, "total_s": time_s + 5}}
            found.append(
                make_result(
                    started_at=at.isoformat(),
                    **{**changes, "job": job, "measurement": measured},
                )
            )
        return found

    return made


def steady(many, level=100.0, first=0):
    """Times that scatter by a few tenths of a percent."""
    return [level * (1 + WAVE[(first + i) % 10] / 1000) for i in range(many)]


def stepped(before=12, after=8, factor=1.1):
    return steady(before) + steady(after, 100 * factor, first=before)


def over(results, **asked):
    return courses.over_time([rows.row(result) for result in results], **asked)


def asked(results, tmp_path, *words):
    for result in results:
        Store(tmp_path / "results").add(result)
    done = CliRunner().invoke(history.command, ["--results", str(tmp_path / "results"), *words],
                              standalone_mode=False)  # fmt: skip
    if done.exception:
        raise done.exception
    return done


def test_a_change_is_marked_with_what_changed_beside_it(nights):
    packages = {"tensorflow-gpu": "2.11.0", "keras": "2.11.0", "numpy": "1.23.5"}

    def job(night):
        return NEW if night >= 12 else OLD

    results = nights(stepped()[:12], job)
    results += nights(
        stepped()[12:], job, first=12, job={"pins": {"packages": {**packages, "keras": "2.12.0"}}}
    )
    (course,) = over(results).courses
    (change,) = course.changes
    assert (change.number, change.counts, change.verdict) == (12, (12, 8), "slower")
    assert change.ratio == pytest.approx(1.1, rel=0.003)
    low, high = change.interval
    assert low < change.ratio < high
    assert change.beside == ["keras 2.11.0 → 2.12.0", f"image {12 * 'a'} → {12 * 'd'}"]


def test_other_machines_and_other_work_are_other_lines(nights):
    there = {"machine": "another, 4 cores"}
    before, after = steady(12), steady(12, 130)
    found = over(nights(before) + nights(after, first=12, launch=there)).courses
    assert [len(course.points) for course in found] == [12, 12]
    assert not any(course.changes for course in found)
    more = {"budget": {"unit": "epochs", "count": 20}}
    found = over(nights(before) + nights(after, first=12, job=more)).courses
    assert len(found) == 2
    assert not any(course.changes for course in found)
    assert over(nights(before) + nights(after, first=12)).courses[0].changes


def test_a_machine_that_was_not_recorded_is_never_searched(nights):
    results = [result.model_copy(update={"launch": None}) for result in nights(stepped())]
    (course,) = over(results).courses
    assert (course.changes, course.unsearched) == ([], "its machine was not recorded")


def test_too_few_campaigns_say_so(nights, tmp_path):
    (course,) = over(nights(stepped(5, 4, 2.0))).courses
    assert course.unsearched == "9 campaigns, it takes 10"
    said = asked(nights(stepped(5, 4, 2.0)), tmp_path, "--format", "md").stdout
    assert "- no change is looked for (9 campaigns, it takes 10): Keras (tensorflow)" in said
    assert "1 configuration, none of them long enough to tell a change" in said


def test_many_starts_of_a_campaign_are_one_point(nights):
    results = nights(steady(11)) + nights([130.0] * 11)
    (course,) = over(results).courses
    assert len(course.points) == 11
    assert course.points[0].median_s == pytest.approx(115)


def test_failed_and_suspect_runs_are_seen_and_do_not_count(nights, tmp_path):
    results = nights(stepped())
    failure = {"reason": "timeout", "message": "too long"}
    lost = nights([100.0], first=20)[0].model_dump()
    lost = Result.model_validate(
        lost | {"status": "failed", "measurement": None, "failure": failure}
    )
    doubtful = nights([500.0] * 3, first=21, findings=SUSPECT)
    (course,) = over([*results, lost, *doubtful]).courses
    assert len(course.points) == 24
    assert course.points[20].lost == {"failed": 1}
    assert course.counted == list(range(20))
    assert [change.counts for change in course.changes] == [(12, 8)]
    said = asked([*results, lost, *doubtful], tmp_path, "--format", "md").stdout
    assert "1 failed, in no point" in said
    assert "3 campaigns of suspect runs alone" in said


def test_an_earlier_build_that_was_run_again_is_left_out(nights):
    results = nights(steady(10), lambda night: OLD)
    results += nights(steady(6, 120), lambda night: NEW, first=10)
    results += nights([100.0], lambda night: OLD, first=15)
    (course,) = over(results).courses
    assert course.left_out == 1
    assert course.points[15].median_s == pytest.approx(120, rel=0.01)
    assert [change.number for change in course.changes] == [10]


def test_what_changed_is_told_by_its_parts(make_result):
    here = rows.row(make_result(job={"settings": {"environment": {"A": "1"}}}))
    there = rows.row(
        make_result(
            job={"settings": {"environment": {"A": "2"}}},
            launch={"harness_version": "0.2.0"},
            measurement={"host": {"kernel": "6.12.0"}},
        )
    )
    assert changed.between(here, there) == [
        "A 1 → 2", "benchdl 0.1.0 → 0.2.0", "kernel 6.1.0-28-amd64 → 6.12.0"
    ]  # fmt: skip
    assert changed.between(here, here) == []


def test_a_new_driver_counts_where_there_is_a_gpu(make_result):
    def of(driver, device):
        gpu = {"state": "ok", "driver": driver}
        return rows.row(make_result(job={"device": device}, measurement={"gpu": gpu}))

    assert changed.between(of("550", "gpu"), of("580", "gpu")) == ["GPU driver 550 → 580"]
    assert changed.between(of("550", "cpu"), of("580", "cpu")) == []


@pytest.mark.parametrize(
    ("factor", "words", "code"),
    [
        (1.1, ["--fail-on", "regression"], 1),
        (0.9, ["--fail-on", "regression"], 0),
        (0.9, ["--fail-on", "change"], 1),
        (1.0, ["--fail-on", "change"], 0),
        (1.1, ["--fail-on", "regression", "--changed-since", "2026-10-13"], 1),
        (1.1, ["--fail-on", "regression", "--changed-since", "2026-10-14"], 0),
        (1.1, ["--fail-on", "regression", "--margin", "20"], 0),
        (1.1, [], 0),
    ],
)
def test_exit_status(nights, tmp_path, factor, words, code):
    done = asked(nights(stepped(factor=factor)), tmp_path, *words)
    assert done.return_value == code
    said = {0: "passed", 1: "failed (Keras (tensorflow), as-written "}[code]
    assert (f"{words[1]}: {said}" in done.stderr) if words else not done.stderr


def test_a_wrong_request_is_one_line(tmp_path, nights):
    with pytest.raises(UsageError, match="--changed-since without --fail-on"):
        asked([], tmp_path, "--changed-since", "7d")
    with pytest.raises(UsageError, match="no stored run has the backend 'tff'"):
        asked(nights([1.0]), tmp_path, "--backend", "tff")


def test_a_folder_that_cannot_be_read_is_no_regression(tmp_path):
    from harness.errors import BenchdlError

    with pytest.raises(BenchdlError) as raised:
        asked([], tmp_path / "x\0", "--fail-on", "regression")
    assert raised.value.exit_code == 2


def test_markdown_json_and_csv_say_the_same(nights, tmp_path):
    results = nights(stepped())
    shown = asked(results, tmp_path, "--format", "md", "--verbose").stdout
    assert "| +9.9 % 2026-10-13 |" in shown
    assert "slower since 2026-10-13 03:00: Keras (tensorflow), as-written, 1.099 (1.09" in shown
    assert "changed with it: nothing that benchdl records" in shown
    assert "1 configuration, 1 of them long enough to tell a change: 1 slower than before" in shown
    assert shown.count("| 2026-10-") == 20
    told = json.loads(asked([], tmp_path, "--format", "json").stdout)
    (configuration,) = told["configurations"]
    (change,) = configuration["changes"]
    assert (change["point"], change["verdict"]) == (12, "slower")
    assert len(configuration["points"]) == 20
    lines = list(csv.DictReader(io.StringIO(asked([], tmp_path, "--format", "csv").stdout)))
    assert [line["change"] for line in lines].index("slower") == 12
    assert float(lines[0]["median"]) == configuration["points"][0]["median"]


def test_no_text_of_a_result_breaks_a_table(nights, tmp_path):
    hostile = {"title": "\x1b[31mred\x1b[0m|<b>=x"}
    results = nights(stepped(), job=hostile)
    shown = asked(results, tmp_path, "--format", "md").stdout
    assert "\x1b" not in shown
    assert r"\|\<b>" in shown
    assert "\x1b" not in asked([], tmp_path, "--format", "csv").stdout


def test_without_runs_it_says_what_to_do(tmp_path):
    (tmp_path / "results").mkdir()
    done = asked([], tmp_path)
    assert (done.stdout, done.stderr) == ("", "no runs yet: benchdl run BACKEND\n")


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_gets_no_line_that_is_wider(nights, tmp_path, monkeypatch, width):
    from harness.cli import out

    paper = io.StringIO()
    screen = Console(file=paper, width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(out, "_screen", lambda: screen)
    there = {"machine": "AMD EPYC 7763 64-Core Processor, 16 cores"}
    asked([*nights(stepped()), *nights(steady(4), launch=there)], tmp_path,
          "--format", "text", "--verbose")  # fmt: skip
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("│▇" in line or "│█" in line for line in lines)
    assert sum("AMD EPYC" in line for line in lines) == 1


def test_a_spark_is_flat_where_nothing_matters():
    assert set(spark.line([100, 101, 99.5, 100.2], (), 0.03)) <= set("▃▄▅▆")
    assert spark.line([1.0, 1.0, 2.0, None], {2}, 0.03) == "▁▁│█·"
    assert len(spark.line([1.0] * 100, (), 0.03)) == spark.MOST
    assert spark.line([None], (), 0.03) == "·"


def test_where_ruptures_has_no_release_lines_are_shown_all_the_same(nights, monkeypatch):
    monkeypatch.setattr(change_points, "known", lambda: False)
    (course,) = over(nights(stepped())).courses
    assert len(course.points) == 20
    assert "ruptures" in course.unsearched


def test_jobs_that_another_number_of_ranks_shared_have_a_line_of_their_own(nights):
    def shared(count):
        return {"settings": {"strategy": "data-parallel"}, "ranks": count}

    runs = nights([10, 10.1], job=shared(4)) + nights([20, 20.1], job=shared(2))
    found = courses.over_time([rows.row(result) for result in runs]).courses
    assert [len(course.points) for course in found] == [2, 2]
    assert [course.left_out for course in found] == [0, 0]
    assert len({course.name for course in found}) == 2
