"""A median is of one build; what it pools besides, benchdl's own code and days, gets a note."""

from __future__ import annotations

import pytest
from conftest import merged

from harness.compare import comparing, text
from harness.tables import job_machine, rows
from harness.tables.sections import grouped

THEANO = {"backend": "theano", "title": "Keras (theano)"}


def made(make_result, seconds=100.0, count=6, day=23, hour=12, launch=None, **job):
    return [
        make_result(
            started_at=f"2026-11-{day:02}T{hour:02}:{minute:02}:00+00:00",
            job={"repeat": minute + 1, **job},
            launch=launch or {},
            measurement={"phases": {"fit_s": seconds + 0.01 * minute}},
        )
        for minute in range(count)
    ]


def section(results):
    (only,) = grouped([rows.row(result) for result in results])
    return only


@pytest.mark.parametrize(
    ("job", "launch", "words"),
    [
        ({"provenance": {"image_id": "sha256:" + 64 * "d"}}, {}, "image dddddddddddd"),
        (
            {"provenance": {"locks_sha256": {"requirements.lock": 64 * "e"}}},
            {},
            "lock files eeeeeeeeeeee",
        ),
        ({}, {"runner_sha256": 64 * "f"}, "runner ffffffffffff"),
        ({"pins": {"packages": {"keras": "9.9"}}}, {}, "keras 9.9"),
        ({"settings": {"cudnn_enabled": False}}, {}, "cuDNN off"),
    ],
)
def test_other_builds_have_a_line_of_their_own(make_result, job, launch, words):
    both = made(make_result) + made(make_result, 200.0, launch=launch, **job)
    found = section(both)
    assert [len(line.members) for line in found.lines] == [6, 6]
    first, second = (line.name.label for line in found.lines)
    assert words in second
    assert words not in first
    assert section(made(make_result)).lines[0].name.label == "Keras (tensorflow)"


def test_only_what_tells_builds_apart_is_named(make_result):
    newer = {"provenance": {"image_id": "sha256:" + 64 * "d", "locks_sha256": {"r.lock": 64 * "e"}}}
    found = section(made(make_result) + made(make_result, 200.0, **newer))
    assert found.lines[1].name.label == "Keras (tensorflow) [image dddddddddddd]"


def test_other_code_of_benchdl_and_other_days_get_a_note(make_result):
    later = made(make_result, day=25, launch={"harness_sha256": 64 * "9"})
    found = section(made(make_result) + later)
    assert [len(line.members) for line in found.lines] == [12]
    notes = "\n".join(found.notes)
    assert "12 runs were measured by 2 versions of benchdl's code" in notes
    assert "benchdl 0.1.0 of code 999999999999" in notes
    assert "12 runs began up to 2.0 days apart (2026-11-23 to 2026-11-25)" in notes
    assert "apart" not in "\n".join(section(made(make_result) + made(make_result, hour=15)).notes)


def test_what_is_left_out_of_a_median_needs_no_note(make_result):
    doubtful = {
        "code": "foreign-load",
        "severity": "suspect",
        "evidence": "40 s",
        "advice": "again",
    }
    suspect = [
        type(result).model_validate({**result.model_dump(), "findings": [doubtful]})
        for result in made(make_result, day=25)
    ]
    assert "apart" not in "\n".join(section(made(make_result) + suspect).notes)


def between(first, second, *questions):
    sides = [[rows.row(result) for result in side] for side in (first, second)]
    return comparing.between((sides[0], sides[1]), questions)


def test_compare_takes_one_build_a_side_and_tells_the_others(make_result):
    image = {"provenance": {"image_id": "sha256:" + 64 * "d"}}
    old = made(make_result, 300.0, day=1)
    outcome = between(
        old + made(make_result, **image), made(make_result, 110.0, **THEANO), "backend"
    )
    (line,) = outcome.lines
    assert line.comparison.a.median == pytest.approx(100.0, rel=0.01)
    assert any("6 older runs left out, which differ in image" in note for note in outcome.notes)


def test_compare_notes_days_and_code_within_a_side(make_result):
    a = made(make_result) + made(make_result, day=28, campaign_id="another-campaign")
    b = made(make_result, **THEANO) + made(
        make_result, day=28, **THEANO, campaign_id="another-campaign"
    )
    outcome = between(a, b, "backend")
    assert outcome.lines[0].comparison.pairs == 12
    assert sum("12 runs began up to 5.0 days apart" in note for note in outcome.notes) == 2


def test_lines_of_several_machines_do_not_look_alike(make_result):
    machines = [{}, {"machine": "AMD EPYC, 64 cores"}]
    sides = [
        [result for machine in machines for result in made(make_result, launch=machine, **job)]
        for job in ({}, THEANO)
    ]
    shown = text.to_text(between(*sides, "backend"))
    cells = [line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("|")][2:]
    assert len(set(cells)) == len(cells) == 2
    assert "theano against tf, machine AMD EPYC, 64 cores" in cells
    lonely = between(sides[0][:6] + sides[0], sides[1][:6], "backend").notes
    assert any("only in A: tf cpu 10 epochs" in note for note in lonely)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"environment": {"OMP_NUM_THREADS": "1"}}},
        {"pins": {"packages": {"keras": "9.9"}}},
        {"provenance": {"image_id": "sha256:" + 64 * "d"}},
    ],
)
def test_nor_do_lines_that_only_settings_or_builds_tell_apart(make_result, change):
    tuned = {"settings": {"mode": "tuned"}}
    both = {**change, "settings": {**change.get("settings", {}), "mode": "tuned"}}
    a = made(make_result) + made(make_result, **change)
    b = made(make_result, **tuned) + made(make_result, **both)
    sides = [[rows.row(result) for result in side] for side in (a, b)]
    outcome = comparing.between((sides[0], sides[1]), ("mode",))
    names = [row.split("|")[1] for row in text.to_text(outcome).splitlines() if row[:1] == "|"][2:]
    assert len(names) == len(set(names))


def test_a_withheld_verdict_is_explained(make_result, benchdl):
    channels = {"attestation": {"framework": {"layout": "channels_first"}}}
    last = {"attestation": {"framework": {"layout": "channels_last"}}}
    a = [make_result(measurement=last, job={"repeat": n}) for n in range(1, 7)]
    b = [make_result(measurement=channels, job={"repeat": n, **THEANO}) for n in range(1, 7)]
    shown = text.to_text(between(a, b, "backend"))
    assert "> withheld: the two did not do quite the same work" in shown
    assert "withheld" not in text.to_text(
        between(made(make_result), made(make_result, **THEANO), "backend")
    )
    assert "The verdict is withheld" in benchdl("compare", "--help").stdout


HOST = {
    "cpu_model": "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", "cores": 2, "memory_gib": 24,
    "kernel": "6.1.0-28-amd64",
}  # fmt: skip


def test_jobs_whose_gpus_came_with_cores_are_of_one_machine_however_many_gpus(make_result):
    seen = []
    for gpus in (1, 2):
        allotment = {"cores": list(range(4 * gpus)), "cores_per_gpu": 4}
        result = make_result(
            launch={"host_type": {**HOST, "cores": 64}, "allotment": allotment},
            measurement={
                "cpu": {"visible_cores": 4 * gpus},
                "host": {"cpu_model": HOST["cpu_model"]},
            },
        )
        seen.append(job_machine.words(result))
    assert seen[0] == seen[1]
    assert seen[0].endswith("(its job: 4 cores for each GPU)")


@pytest.mark.parametrize(
    ("own", "seen", "words"),
    [
        ({}, {"cpu": {"quota_cores": 0.5}}, "quota 0.5"),
        ({}, {"cpu": {"visible_cores": 1}}, "1 core"),
        ({}, {"cpu": {"visible_cores": 1, "quota_cores": 0.25}}, "1 core, quota 0.25"),
        ({"quota_cores": 1.5}, {"cpu": {"quota_cores": 0.5}}, "quota 0.5"),
        ({}, {"host": {"cpu_model": "AMD EPYC 7B13"}}, "AMD EPYC 7B13"),
    ],
)
def test_what_only_the_job_was_short_of_is_another_machine(make_result, own, seen, words):
    """An engine may set its containers a limit, or run them elsewhere, unknown to the harness."""
    launch = {"host_type": {**HOST, **own}}
    seconds = 300.0
    whole = made(make_result, launch=launch)
    short = [
        type(result).model_validate(
            merged(result.model_dump(), {"measurement": {"phases": {"fit_s": seconds}, **seen}})
        )
        for result in made(make_result, launch=launch)
    ]
    found = grouped([rows.row(result) for result in whole + short])
    assert [len(section.lines[0].members) for section in found] == [6, 6]
    assert sorted(section.lines[0].values["time_s"] for section in found) == [
        pytest.approx(100.0, rel=0.01), seconds
    ]  # fmt: skip
    assert sum(f"(its job: {words})" in section.caption for section in found) == 1
    outcome = between(whole, short, "machine")
    assert f"(its job: {words})" in text.to_text(outcome)


@pytest.mark.parametrize(
    ("own", "seen"),
    [
        ({}, {}),
        ({"cores": 1, "quota_cores": 1 / 3}, {"visible_cores": 1, "quota_cores": 0.33333}),
        ({}, {"quota_cores": 2.0}),
        ({"cores": 1}, {"visible_cores": 2}),
    ],
)
def test_a_job_that_had_what_its_harness_had_says_nothing_more(make_result, own, seen):
    (result,) = made(
        lambda **told: make_result(**merged(told, {"measurement": {"cpu": seen}})),
        count=1,
        launch={"host_type": {**HOST, **own}},
    )
    assert rows.row(result).machine == result.launch.machine


def test_compare_says_why_a_side_has_only_suspect_runs(make_result):
    doubtful = {
        "code": "cpu-throttled", "severity": "suspect", "evidence": "12 of 12 periods",
        "advice": "lift the quota",
    }  # fmt: skip
    told = {**doubtful, "code": "unproven", "severity": "info"}
    short = [
        type(result).model_validate({**result.model_dump(), "findings": [doubtful, told]})
        for result in made(make_result, **THEANO)
    ]
    notes = between(made(make_result), short, "backend").notes
    assert any("has only suspect runs (cpu-throttled)" in note for note in notes)
