"""Collecting results of shards: each once, and a second end of one job is kept and not averaged."""

from __future__ import annotations

import errno
import json

import bundled
import pytest

from harness.campaign.plan import Options
from harness.fleet.collecting import TWICE, Collector
from harness.fleet.driving import Outcome
from harness.fleet.fleet_file import FleetFile
from harness.fleet.fleet_record import Fleet, PlannedShard
from harness.fleet.shard_files import End
from harness.fleet.standing import Standing
from harness.importing.incoming import StoreError
from harness.store import Store

AT = "2026-11-26T12:00:00+00:00"
FLEET_ID = "20261126t120000z-fleet-cpu-00c0ffee"


@pytest.fixture
def fleet(tmp_path):
    file = FleetFile.model_validate({"folder": tmp_path / "shared", "hosts": {"lab": {}}})
    made = Fleet(
        fleet_id=FLEET_ID, created_at=AT, file=file, options=Options(backends=["tf"]),
        shards=[PlannedShard(name="1-lab", label="lab")], nonce="n",
    )  # fmt: skip
    for part in ("store", "started"):
        (made.folder / "1-lab" / part).mkdir(parents=True)
    return made


@pytest.fixture
def main(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def came(fleet, make_result):
    """A result of the shard, for a position of its campaign."""
    theirs = fleet.shard_folder(fleet.shards[0]).store

    def put(position, **changes):
        job = {"campaign_id": bundled.CAMPAIGN_ID, "campaign_position": position}
        result = make_result(
            job={**job, **changes.pop("job", {})},
            launch={"shard": f"{FLEET_ID}/1-lab"}, **changes,
        )  # fmt: skip
        theirs.add(result)
        return result

    return put


def collected(fleet, main):
    """A new process collects; what it said."""
    said = []
    collector = Collector(fleet, main, said.append)
    collector.collect(fleet.shards)
    collector.collect(fleet.shards)
    return collector, said


def codes(main, result):
    return [finding.code for finding in main.find(result.run_id)[0].findings]


def test_each_result_is_taken_once(fleet, main, came):
    first, second = came(1), came(2)
    collector, said = collected(fleet, main)
    assert sorted(collector.results) == sorted([first.run_id, second.run_id])
    third = came(3)
    collector.collect(fleet.shards)
    assert third.run_id in collector.results
    again, more = collected(fleet, main)
    assert len(again.results) == 3
    assert said == more == []


def test_a_second_end_of_one_job_is_kept_and_invalid(fleet, main, came):
    first = came(1)
    collected(fleet, main)
    late = came(1, job={"attempt": 2})
    _, said = collected(fleet, main)
    assert TWICE not in codes(main, first)
    assert codes(main, late)[-1] == TWICE
    finding = main.find(late.run_id)[0].findings[-1]
    assert finding.severity == "invalid"
    assert first.run_id in finding.evidence
    # The next driver finds it as it is, and a third end is none either.
    _, said = collected(fleet, main)
    assert said == []
    third = came(1, job={"attempt": 3})
    collected(fleet, main)
    assert codes(main, third)[-1] == TWICE
    assert main.load(whole=True)[1] == []


def test_an_attempt_that_was_cut_off_is_no_end(fleet, main, came):
    cut = came(1, status="interrupted", measurement=None,
               failure={"reason": "interrupted", "message": "stopped"})  # fmt: skip
    whole = came(1, job={"attempt": 2})
    collected(fleet, main)
    assert TWICE not in codes(main, cut) + codes(main, whole)


def test_what_is_damaged_is_said_once_and_is_nobodys_end(fleet, main, came):
    bad = came(1)
    file = fleet.shard_folder(fleet.shards[0]).store.directory / bad.run_id / "result.json"
    file.write_text(file.read_text()[:-200])
    good = came(1, job={"attempt": 2})
    fleet.shard_folder(fleet.shards[0]).note_started(bad.run_id, bad.job.model_dump_json())
    collector, said = collected(fleet, main)
    assert len(said) == 1
    assert said[0].startswith(f"shard 1-lab: refused: {bad.run_id}: ")
    assert TWICE not in codes(main, good)
    # It is not lost, and the fleet is not complete.
    collector.conclude(fleet.shards[0])
    assert [run.name for run in main.folders()] == [good.run_id]
    assert len(collector.refused) == 1
    done = Standing(name="1-lab", label="lab", phase="done")
    assert not Outcome([done], [], collector.refused).complete
    assert Outcome([done], []).complete


def test_jobs_that_began_and_never_ended_are_lost_with_their_host(fleet, main, came, make_result):
    done = came(1)
    began = make_result(job={"campaign_id": bundled.CAMPAIGN_ID, "campaign_position": 2}).job
    folder = fleet.shard_folder(fleet.shards[0])
    for job in (done.job, began):
        folder.note_started(job.run_id, job.model_dump_json())
    (folder.path / "started" / "nonsense.json").write_text("{")
    collector, _ = collected(fleet, main)
    collector.conclude(fleet.shards[0])
    lost = main.find(began.run_id)[0]
    assert (lost.status, lost.failure.reason) == ("interrupted", "host-lost")
    assert len(main.folders()) == 2
    collector.conclude(fleet.shards[0])
    assert len(main.folders()) == 2
    # What that host measured after all takes the place of the word that nothing came.
    whole = make_result(run_id=began.run_id, job=json.loads(began.model_dump_json()),
                        launch={"shard": f"{FLEET_ID}/1-lab"})  # fmt: skip
    folder.store.add(whole)
    collector, said = collected(fleet, main)
    assert main.find(began.run_id)[0].status == "ok"
    assert said == [f"{began.run_id}: its host was not lost; what it measured is stored after all"]
    assert list(main.staging().iterdir()) == []
    assert collected(fleet, main)[1] == collector.refused == []


@pytest.fixture
def late(fleet, main, make_result):
    """A result that came once its job was stored as lost, and the folder of its shard."""
    result = make_result(job={"campaign_id": bundled.CAMPAIGN_ID, "campaign_position": 2},
                         launch={"shard": f"{FLEET_ID}/1-lab"})  # fmt: skip
    folder = fleet.shard_folder(fleet.shards[0])
    folder.note_started(result.run_id, result.job.model_dump_json())
    collector, _ = collected(fleet, main)
    collector.conclude(fleet.shards[0])
    folder.store.add(result)
    return result, folder


def test_a_store_that_cannot_be_written_is_no_folder_that_is_away(fleet, main, late, monkeypatch):
    result, _ = late

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.rename", full)
    with pytest.raises(StoreError, match="No space left on device"):
        collected(fleet, main)
    assert main.find(result.run_id)[0].status == "interrupted"


def test_what_a_lost_host_left_damaged_takes_no_place(fleet, main, late):
    result, folder = late
    (folder.store.directory / result.run_id / "result.json").write_text("{")
    collector, _ = collected(fleet, main)
    assert len(collector.refused) == 1
    assert main.find(result.run_id)[0].status == "interrupted"


def test_what_a_host_says_to_have_is_not_lost(fleet, main, came, make_result):
    """Its shared folder was full: it delivers the result once there is room, under the same id."""
    folder = fleet.shard_folder(fleet.shards[0])
    kept, lost = (
        make_result(
            job={"campaign_id": bundled.CAMPAIGN_ID, "campaign_position": position},
            launch={"shard": f"{FLEET_ID}/1-lab"},
        )
        for position in (1, 2)
    )
    for result in (kept, lost):
        folder.note_started(result.run_id, result.job.model_dump_json())
    folder.end("7", End(how="failed", at=AT, message="full", kept=[kept.run_id]))
    collector, _ = collected(fleet, main)
    collector.conclude(fleet.shards[0])
    assert [run.name for run in main.folders()] == [lost.run_id]
    folder.store.add(kept)
    collector.collect(fleet.shards)
    assert main.find(kept.run_id)[0].status == "ok"


def test_what_a_host_never_delivered_is_lost_once_another_ran_it(fleet, main, came, make_result):
    again = came(1, job={"attempt": 2})
    first = make_result(job={"campaign_id": bundled.CAMPAIGN_ID, "campaign_position": 1})
    folder = fleet.shard_folder(fleet.shards[0])
    folder.note_started(first.run_id, first.job.model_dump_json())
    folder.end("7", End(how="failed", at=AT, message="full", kept=[first.run_id]))
    folder.end("8", End(how="done", at=AT))
    collector, _ = collected(fleet, main)
    collector.conclude(fleet.shards[0])
    assert main.find(first.run_id)[0].status == "interrupted"
    assert TWICE not in codes(main, again)


def test_a_folder_that_is_away_is_looked_at_again(fleet, main, came):
    result = came(1)
    store = fleet.shard_folder(fleet.shards[0]).store.directory
    away = store.rename(store.with_name("away"))
    store.write_text("")
    said = []
    collector = Collector(fleet, main, said.append)
    collector.collect(fleet.shards)
    collector.collect(fleet.shards)
    assert len(said) == 1
    store.unlink()
    away.rename(store)
    collector.collect(fleet.shards)
    assert result.run_id in collector.results
