"""The report's tab over time: what ``benchdl history`` says, as data of the page."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from harness.history import courses, sentences
from harness.report import over_time
from harness.tables import rows


@pytest.fixture
def nights(make_result):
    """Rows of a campaign a night: ten at one level, six at another; one of theano, seen once."""
    begin = datetime(2026, 10, 1, 3, tzinfo=timezone.utc)
    made = []
    for night in range(16):
        at = begin + timedelta(days=night)
        made.append(
            make_result(
                started_at=at.isoformat(),
                job={"campaign_id": f"{at:%Y%m%d}t030000z-campaign-cpu-00c0ffee"},
                measurement={"phases": {"fit_s": (100 if night < 10 else 120) + night % 3 / 10}},
            )
        )
    made.append(make_result(job={"backend": "theano", "title": "Keras (theano)"}))
    return [rows.row(result) for result in made]


def test_points_changes_and_sentences_are_those_of_the_verb(nights):
    told = over_time.document(nights)
    (course,) = told["courses"]
    over = courses.over_time(nights)
    assert told["answers"] == sentences.answers(over)
    assert (course["name"], course["backend"]) == ("Keras (tensorflow), as-written", "tf")
    assert [point["runs"] for point in course["points"]] == [[number] for number in range(16)]
    assert course["changes"] == [{"at": course["points"][10]["at"], "verdict": "slower"}]
    assert course["notes"][0].startswith("slower since 2026-10-11 03:00")
    assert {len(cells) for cells in course["cells"]} == {len(told["heads"])}


def test_what_ran_once_has_no_line(nights):
    assert [course["backend"] for course in over_time.document(nights)["courses"]] == ["tf"]
    assert over_time.document([])["courses"] == []
