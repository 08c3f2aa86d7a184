"""``benchdl compare``: only what may be compared meets, and nobody is told more than is known."""

from __future__ import annotations

import json

import pytest

from harness.compare import comparing, conditions, sides, text
from harness.errors import UsageError
from harness.store import Store
from harness.tables import rows
from harness.tables.selection import Selection

THEANO = {"backend": "theano", "title": "Keras (theano)"}
NOISE = [1.0, 1.01, 0.99, 1.005, 0.995, 1.008, 0.992, 1.002] * 2
OLD, NEW = "20261101t120000z-campaign-cpu-0000aaaa", "20261120t120000z-campaign-cpu-0000bbbb"


@pytest.fixture
def runs(make_result):
    """Results of one configuration around a time; keywords go into the job."""

    def make(time_s, count=8, layout="channels_last", launch=None, **job):
        return [
            make_result(
                job={"repeat": number + 1, **job},
                measurement={
                    "phases": {"fit_s": time_s * NOISE[number]},
                    "attestation": {"framework": {"layout": layout}},
                },
                launch=launch or {},
            )
            for number in range(count)
        ]

    return make


@pytest.fixture
def asked(tmp_path, stored):
    """Store results and compare A with B, as the command does."""

    def ask(a, b, results=(), force=False, campaign=None, **more):
        for result in results:
            stored(tmp_path, result)
        found = sides.resolve(
            (a, b), [Store(tmp_path)], lambda _: None, Selection(campaign=campaign)
        )
        return comparing.between(
            found.rows, found.questions, names=found.names, force=force, **more
        )

    return ask


def only(outcome):
    (line,) = outcome.lines
    return line


def test_two_backends_of_one_campaign_are_compared_within_its_blocks(asked, runs):
    line = only(asked("tf", "theano", runs(10) + runs(30, **THEANO)))
    assert (line.verdict, line.comparison.pairs) == ("slower", 8)
    assert line.comparison.ratio == pytest.approx(3)
    assert set(line.differs) == {"backend"}
    assert (line.forced, line.withheld) == ({}, None)


@pytest.mark.parametrize("factor", [1, 3])
def test_two_campaigns_alone_have_no_verdict_and_are_told_how_to_get_one(asked, runs, factor):
    outcome = asked(
        "aaaa", "latest", runs(10, campaign_id=OLD) + runs(10 * factor, campaign_id=NEW)
    )
    line = only(outcome)
    assert outcome.questions == ("time",)
    assert (line.verdict, line.comparison.pairs) == ("ambiguous", 0)
    assert (line.comparison.low, line.comparison.more) == (None, None)
    assert line.comparison.ratio == pytest.approx(factor)
    shown = text.to_text(outcome)
    assert "ambiguous: campaigns of different times: no further campaigns" in shown
    assert "--against CAMPAIGN" in shown
    assert "more repeats" not in shown


def test_newer_versions_are_what_two_campaigns_ask_about(asked, runs):
    newer = {"packages": {"keras": "2.12.0", "numpy": "1.24"}}
    old = runs(10, campaign_id=OLD)
    line = only(asked("aaaa", "bbbb", old + runs(12, campaign_id=NEW, pins=newer)))
    assert line.comparison.ratio == pytest.approx(1.2)
    assert "keras 2.12.0" in str(line.differs["software"][1])


def test_tools_with_other_layouts_have_a_ratio_and_no_winner(asked, runs):
    results = runs(10) + runs(30, layout="channels_first", **THEANO)
    line = only(asked("tf", "theano", results))
    assert line.verdict == "withheld"
    assert "channels_first" in line.withheld
    assert line.comparison.ratio == pytest.approx(3)
    forced = only(asked("tf", "theano", force=True))
    assert (forced.verdict, set(forced.forced)) == ("slower", {"layout"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dataset": "synthetic-mnist"}, "dataset (mnist / synthetic-mnist)"),
        ({"budget": {"count": 2}}, "epochs (10 / 2)"),
        ({"launcher": "local"}, "launcher (docker / local)"),
        ({"batch_size": 64}, "batch size (128 / 64)"),
        ({"threads": 1}, "threads (none / 1)"),
        ({"settings": {"precision": "tf32"}}, "precision (float32 / tf32)"),
        ({"settings": {"mode": "tuned"}}, "mode (as-written / tuned)"),
        ({"device": "gpu"}, "device (cpu / gpu)"),
    ],
)
def test_what_differs_in_more_than_was_asked_takes_force_which_is_shown(asked, runs, change, words):
    with pytest.raises(UsageError) as refused:
        asked("tf", "theano", runs(10) + runs(30, **THEANO, **change))
    assert words in str(refused.value)
    assert "--force" in str(refused.value)
    outcome = asked("tf", "theano", force=True)
    assert only(outcome).verdict == "slower"
    shown = text.to_text(outcome)
    assert f"FORCED although they differ in {words}" in shown
    assert "slower (forced)" in shown


def test_other_machines_are_compared_only_as_folders(asked, runs, tmp_path, stored):
    elsewhere = {"machine": "another machine, 4 cores"}
    results = runs(10, campaign_id=OLD), runs(20, campaign_id=NEW, launch=elsewhere)
    with pytest.raises(UsageError, match="machine"):
        asked("aaaa", "bbbb", results[0] + results[1])
    for folder, some in zip(("here", "there"), results, strict=True):
        for result in some:
            stored(tmp_path / folder, result)
    outcome = asked(str(tmp_path / "here"), str(tmp_path / "there"))
    assert outcome.questions == ("machine",)
    assert only(outcome).comparison.other_times
    assert "--against" not in text.to_text(outcome)  # no campaign is on two machines
    assert set(only(outcome).differs) == {"machine"}
    with pytest.raises(UsageError, match="no results in the folder"):
        asked(str(tmp_path / "here"), str(tmp_path / "here" / ".staging"))


def test_what_is_named_is_the_question_and_the_rest_has_to_be_equal(asked, runs):
    tuned = {"settings": {"mode": "tuned"}}
    results = runs(10) + runs(5, **tuned) + runs(7, variant="pool") + runs(3, device="gpu")
    outcome = asked("tf:cpu", "tf:tuned:cpu", results)
    assert outcome.questions == ("mode",)
    assert only(outcome).verdict == "faster"
    assert only(asked("tf:cpu", "tf:cpu:pool")).comparison.ratio == pytest.approx(0.7)
    assert asked("tf:cpu", "tf:gpu").questions == ("device",)


def test_every_condition_that_both_sides_have_is_a_line_of_its_own(asked, runs):
    short = {"budget": {"count": 2}}
    results = [
        result
        for name, factor in (({}, 1), (THEANO, 3))
        for result in runs(10 * factor, **name) + runs(2, count=16, **name, **short)
    ]
    outcome = asked("tf", "theano", [*results, *runs(9, threads=1)])
    assert [line.verdict for line in outcome.lines] == ["slower", "same"]
    shown = text.to_text(outcome)
    assert "only in tf: tf cpu" in shown
    assert "Holm" in shown
    assert "theano 10 epochs against tf 10 epochs" in shown


def test_threads_and_batch_have_the_usual_number_where_only_one_side_names_them(asked, runs):
    results = runs(10) + runs(19, threads=1) + runs(5, batch_size=512)
    assert only(asked("tf", "tf:threads=1", results)).comparison.ratio == pytest.approx(1.9)
    assert only(asked("tf", "tf:batch=512")).verdict == "faster"


def test_of_two_versions_under_one_name_only_the_newest_counts_and_that_is_told(
    asked, runs, make_result
):
    older = runs(90, campaign_id=OLD, pins={"packages": {"keras": "2.9.0"}})
    older = [
        result.model_copy(update={"started_at": "2026-11-01T00:00:00+00:00"}) for result in older
    ]
    outcome = asked("tf", "theano", older + runs(10, 16) + runs(10, 16, **THEANO))
    assert only(outcome).verdict == "same"
    assert any("8 older runs left out" in note and "2.9.0" in note for note in outcome.notes)


def test_runs_that_do_not_count_anywhere_do_not_count_here(asked, runs):
    bad = {"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "again"}
    invalid = [
        result.model_copy(update={"findings": [result.findings[0]]})
        if result.findings
        else type(result).model_validate({**result.model_dump(), "findings": [bad]})
        for result in runs(1)
    ]
    line = only(asked("tf", "theano", runs(10) + invalid + runs(10, **THEANO)))
    assert len(line.runs[0]) == 8
    asked_campaign = asked("tf", "theano", campaign="latest")
    assert len(only(asked_campaign).runs[0]) == 8


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ("tf", "tf", "are both"),
        ("tf", "tf:as-written", "same configuration"),
        ("tf", "nonsense", "'nonsense' is no backend, no campaign"),
        ("tf", "latest", "of the campaigns"),
        ("nonsense", "other", "no backend, no campaign"),
        ("tf", "theano", "no results of theano"),
        ("tf", "tf:tuned", "there are: tf:as-written:default:cpu:docker"),
        ("tf", "tf:gpu", "only one side names its device"),
        ("tf", "tf:threads=many", "expected threads=N"),
        ("tf", "tf:cpu:gpu", "names two of: device"),
        ("tf", "tf:", "nothing after a colon"),
        ("00c0ffee", "latest", "the same campaign"),
        ("campaign", "latest", "fits 2 campaigns"),
    ],
)
def test_words_that_make_no_sense_are_answered_in_one_line(asked, runs, a, b, words):
    results = runs(10, count=1) + runs(10, count=1, campaign_id=OLD)
    with pytest.raises(UsageError) as refused:
        asked(a, b, results)
    assert words in str(refused.value)


def test_few_runs_are_ambiguous_and_say_how_many_more(asked, runs):
    outcome = asked("tf", "theano", runs(10, count=2) + runs(30, count=2, **THEANO))
    shown = text.to_text(outcome)
    assert only(outcome).verdict == "ambiguous"
    assert "about 3 more repeats of each would probably settle it" in shown


def test_json_has_each_run_and_the_rules(asked, runs):
    said = json.loads(text.to_json(asked("tf", "theano", runs(10) + runs(30, **THEANO))))
    (line,) = said["comparisons"]
    assert (said["margin"], said["alpha"], said["confidence"]) == (0.03, 0.05, 0.95)
    assert len(line["a"]["values"]) == len(line["a"]["runs"]) == 8
    assert line["verdict"] == "slower"
    assert line["low"] <= line["ratio"] <= line["high"]
    assert line["b"]["backend"] == "theano"


def test_another_figure_is_compared_by_its_own_samples(asked, runs):
    results = runs(10, 16) + runs(30, 16, **THEANO)
    outcome = asked("tf", "theano", results, figure="steady_epoch_s")
    assert only(outcome).verdict == "same"  # the fixture's epochs do not depend on its time
    assert "figure: steady-epoch" in text.to_text(outcome)


@pytest.mark.parametrize(
    ("factor", "count", "fail_on", "code"),
    [
        (1.2, 8, ["regression"], 1),
        (1.2, 8, [], 0),
        (1.0, 16, ["regression", "ambiguous"], 0),
        (0.8, 8, ["regression"], 0),
        (1.2, 3, ["regression"], 0),
        (1.2, 3, ["ambiguous"], 1),
    ],
)
def test_exit_status_for_continuous_integration(
    benchdl, tmp_path, stored, runs, factor, count, fail_on, code
):
    for result in runs(10, count) + runs(10 * factor, count, **THEANO):
        stored(tmp_path / "results", result)
    done = benchdl("compare", "tf", "theano", *(f"--fail-on={word}" for word in fail_on))
    assert done.returncode == code, done.stdout + done.stderr
    if fail_on and count == 3:
        assert "1 ambiguous" in done.stderr


def test_nothing_that_may_be_compared_is_exit_status_2(benchdl, tmp_path, stored, runs):
    for result in runs(10, count=1) + runs(10, count=1, budget={"count": 2}, **THEANO):
        stored(tmp_path / "results", result)
    done = benchdl("compare", "tf", "theano", "--fail-on", "regression")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_caption_names_only_what_a_row_has(make_result):
    row = rows.row(make_result())
    assert f" · batch {row.batch_size} · " in conditions.work(row, frozenset())
    row.batch_size = None  # as of trees, whose updates have none
    assert "batch" not in conditions.work(row, frozenset())


def test_jobs_that_another_number_of_ranks_shared_are_not_compared(asked, runs):
    """A backend brings its own settings, and with them came a strategy over any number of ranks."""

    def shared(count):
        return {"settings": {"strategy": "data-parallel"}, "ranks": count}

    results = runs(10, **shared(4)) + runs(20, **shared(2), **THEANO)
    with pytest.raises(UsageError, match=r"differ in ranks \(4 / 2\)"):
        asked("tf", "theano", results)
    line = only(asked("tf", "theano", runs(21, **shared(2))))
    assert line.a.ranks == line.b.ranks == 2
    assert "2 ranks" in conditions.work(line.a, frozenset())
