"""A clock that is set while a job runs is noticed, and dates in the future are not the newest."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from checking import case

from harness.campaign import one_job, records
from harness.checks import clocks
from harness.launchers.launcher import Exit
from harness.newest import newest
from harness.store import Store
from runner.contract.result import Failure

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
BEGIN = "2026-11-23T12:00:00+00:00"


def times(finished):
    return {"started_at": BEGIN, "finished_at": f"2026-11-23T{finished}+00:00"}


@pytest.fixture
def codes(make_result):
    def found(finished, wall_s):
        findings = clocks.wall_clock(case(make_result(**times(finished)), wall_s=wall_s))
        return [finding.code for finding in findings]

    return found


@pytest.mark.parametrize(
    ("finished", "wall_s", "expected"),
    [
        ("12:03:04", 184.0, []),
        ("12:03:02", 184.9, []),
        ("11:03:04", 184.0, ["clock-set-back"]),  # finished before it started
        ("12:02:04", 184.0, ["clock-set-back"]),  # and after, but not by so much
        ("13:03:04", 184.0, ["clock-set-forward"]),
        ("12:00:00", 0.2, []),
    ],
)
def test_the_wall_clock_beside_the_other(codes, finished, wall_s, expected):
    assert codes(finished, wall_s) == expected


def test_a_result_says_that_its_clock_was_set_back(make_result):
    known = case(make_result(measurement=None, **times("11:00:07")), wall_s=7.0)
    failure = Failure(reason="crashed", message="it crashed")
    result = one_job._conclude(failure, Exit("exited", 1), known, [])
    (finding,) = [told for told in result.findings if told.code == "clock-set-back"]
    assert finding.severity == "info"
    assert "by about 3600 s" in finding.evidence
    assert result.launch.wall_s == 7.0


THEN, LAST = "20261122t110000z-tf-cpu-00000001", "20261123t110000z-tf-cpu-00000002"
FUTURE = "20310101t000000z-tf-cpu-00000003"


@pytest.mark.parametrize(
    ("names", "expected", "told"),
    [
        ([], [], 0),
        ([THEN, LAST], [LAST], 0),
        ([THEN, LAST, FUTURE], [LAST], 1),
        ([FUTURE], [FUTURE], 0),
        ([LAST, "20261399t990000z-tf-cpu-00000004"], ["20261399t990000z-tf-cpu-00000004"], 0),
        (["by-hand"], ["by-hand"], 0),
        (["20261123t120030z-tf-cpu-00000005"], ["20261123t120030z-tf-cpu-00000005"], 0),
    ],
)
def test_latest_is_not_of_the_future(names, expected, told):
    said = []
    assert newest(names, said.append, NOW) == expected
    assert len(said) == told


def test_latest_of_a_store_whose_clock_was_set_back(tmp_path, make_result, stored):
    for run_id in (LAST, "29991231t235959z-tf-cpu-00000003"):
        stored(tmp_path, make_result(run_id=run_id))
    said = []
    result, _ = Store(tmp_path).find("latest", said.append)
    assert result.run_id == LAST
    assert "29991231t235959z" in said[0]
    assert Store(tmp_path).find("29991231")[0].run_id.startswith("2999")
    for name in (LAST, "29991231t235959z-campaign-cpu-00000003"):
        file = tmp_path / "campaigns" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    with pytest.raises(Exception, match=LAST):  # that one is read, and it is damaged
        records.find(Store(tmp_path), "latest", said.append)
