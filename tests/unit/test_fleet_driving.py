"""Driving a fleet on a stand-in for the engine: what is submitted, given up, collected and said."""

from __future__ import annotations

import pytest

from harness import interrupts
from harness.campaign.plan import Options
from harness.errors import BenchdlError, UsageError
from harness.fleet import cancelling, fleet_record
from harness.fleet.driving import Driver
from harness.fleet.fleet_file import FleetFile
from harness.fleet.fleet_record import Fleet, PlannedShard
from harness.fleet.scheduler import Seen
from harness.fleet.shard_files import Beat, Begin, End
from harness.store import Store

AT = "2026-11-26T12:00:00+00:00"
FLEET_ID = "20261126t120000z-fleet-cpu-00c0ffee"


class Engine:
    """A stand-in for a batch system: a test says what it sees; it keeps what it was asked."""

    def __init__(self):
        self.submitted, self.cancelled, self.seen, self.refuses = [], [], {}, None

    def check(self, hosts):
        return []

    def submit(self, submission):
        if self.refuses:
            raise self.refuses
        self.submitted.append(submission)
        return str(len(self.submitted))

    def look(self, ids):
        return {job_id: self.seen.get(job_id, Seen("waiting")) for job_id in ids}

    def cancel(self, job_id, *, running):
        self.cancelled.append((job_id, running))


class Watcher:
    """Keeps what it is told."""

    def __init__(self):
        self.said, self.last = [], []

    def say(self, line):
        self.said.append(line)

    def standing(self, shards):
        self.last = shards


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def watcher():
    return Watcher()


@pytest.fixture
def made(tmp_path):
    """A fleet with its folders, of so many shards of one type."""

    def make(shards=1, count=1, **words):
        file = FleetFile.model_validate(
            {"folder": tmp_path / "shared", "heartbeat_s": 1.0,
             "hosts": {"lab": {"count": count}}, **words}
        )  # fmt: skip
        fleet = Fleet(
            fleet_id=FLEET_ID,
            created_at=AT,
            file=file,
            options=Options(backends=["torch"], repeat=shards),
            shards=[PlannedShard(name=f"{n}-lab", label="lab") for n in range(1, shards + 1)],
            nonce="n",
        )
        for shard in fleet.shards:
            (fleet.folder / shard.name / "store").mkdir(parents=True)
            (fleet.folder / shard.name / "started").mkdir()
        fleet_record.save(Store(tmp_path / "results"), fleet)
        return fleet

    return make


@pytest.fixture
def drive(tmp_path, engine, watcher, monkeypatch):
    """Drive it; each pause is a step of the test's, which gets the clock: seconds to be added."""

    def run(fleet, *steps, **words):
        clock, left = [0.0], list(steps)

        def pause(seconds):
            clock[0] += seconds
            assert left, f"it goes on: {watcher.said}, {watcher.last}"
            left.pop(0)(clock)

        monkeypatch.setattr(interrupts, "sleep", pause)
        driver = Driver(
            fleet, engine, Store(tmp_path / "results"), watcher, tmp_path / "benchdl",
            clock=lambda: clock[0], **words,
        )  # fmt: skip
        return driver.drive()

    return run


def ends(fleet, job_id, how="done", shard=0, **words):
    folder = fleet.shard_folder(fleet.shards[shard])
    return lambda _: folder.end(job_id, End(how=how, at=AT, **words))


def begins(fleet, job_id, shard=0):
    folder = fleet.shard_folder(fleet.shards[shard])

    def step(_):
        folder.begin(Begin(job_id=job_id, host="fl1", at=AT, machine="lab"))
        folder.beat(job_id, Beat(count=1, total=3))

    return step


def wait(seconds):
    def step(clock):
        clock[0] += seconds

    return step


def test_shards_are_submitted_as_many_at_once_as_the_type_has_hosts(made, drive, engine):
    fleet = made(shards=3, count=2)
    counts = []

    def note(_):
        counts.append(len(engine.submitted))

    outcome = drive(
        fleet, note, ends(fleet, "2", shard=1), note, ends(fleet, "1"), note,
        ends(fleet, "3", shard=2),
    )  # fmt: skip
    assert counts == [2, 3, 3]
    assert outcome.complete
    names = [submission.name for submission in engine.submitted]
    assert names == [f"benchdl-{FLEET_ID}-{n}-lab-1" for n in (1, 2, 3)]
    assert engine.submitted[0].command[1:] == ["shard", str(fleet.folder / "1-lab")]
    assert engine.cancelled == []


def test_a_lost_shard_is_cancelled_and_submitted_again(made, drive, engine, watcher):
    fleet = made()

    def lose(clock):
        engine.seen["1"] = Seen("unknown", reason="its host does not answer")
        clock[0] += 7

    outcome = drive(fleet, begins(fleet, "1"), lose, ends(fleet, "2"))
    assert outcome.complete
    assert engine.cancelled == [("1", True)]
    assert len(engine.submitted) == 2
    assert engine.submitted[1].name.endswith("-1-lab-2")
    assert any("was lost: submitted again as job 2" in line for line in watcher.said)


def test_it_is_given_up_when_no_submission_brings_anything(made, drive, engine, watcher):
    fleet = made()
    engine.seen = {str(n): Seen("ended", reason="its command failed") for n in (1, 2, 3)}
    outcome = drive(fleet, wait(7), wait(7), wait(7))
    assert not outcome.complete
    (shard,) = outcome.shards
    assert shard.phase == "given up"
    assert "lost 3 times without a new result" in shard.words
    assert "its command failed" in shard.words
    assert len(engine.submitted) == 3


def test_a_wait_that_cannot_end_is_borne_for_a_while(made, drive, engine):
    fleet = made(patience_s=60)
    engine.seen["1"] = Seen("waiting", reason="all its hosts are down", hopeless=True)
    outcome = drive(fleet, wait(0), wait(30), wait(31))
    (shard,) = outcome.shards
    assert (shard.phase, engine.cancelled) == ("given up", [("1", False)])
    assert shard.words == "waited 60 s for what does not come: all its hosts are down"


def test_a_wait_that_may_end_is_borne_for_ever(made, drive, engine):
    fleet = made(patience_s=60)
    engine.seen["1"] = Seen("waiting", reason="others have its hosts")
    assert drive(fleet, wait(1e6), wait(1e6), ends(fleet, "1")).complete


def test_a_host_that_runs_and_is_silent_is_told_to_end(made, drive, engine):
    fleet = made(patience_s=60)
    engine.seen["1"] = Seen("running", host="fl1")

    def gone(clock):
        assert engine.cancelled == [("1", True)]
        engine.seen["1"] = Seen("ended")

    assert drive(fleet, wait(7), wait(61), gone, ends(fleet, "2")).complete
    assert len(engine.submitted) == 2


def test_a_host_that_began_and_is_cut_off_from_the_folder_is_let_alone(made, drive, engine):
    fleet = made(patience_s=60)
    engine.seen["1"] = Seen("running", host="fl1")
    outcome = drive(fleet, begins(fleet, "1"), wait(7), wait(1e4), wait(1e4), ends(fleet, "1"))
    assert outcome.complete
    assert (engine.cancelled, len(engine.submitted)) == ([], 1)


def test_what_the_engine_refuses_is_said_and_not_asked_again(made, drive, engine):
    fleet = made(shards=2, count=2)
    engine.refuses = UsageError("Slurm has no partition 'x'", "there are: all")
    outcome = drive(fleet)
    assert {shard.phase for shard in outcome.shards} == {"given up"}
    assert "no partition 'x'" in outcome.shards[0].words


def test_an_engine_that_is_silent_is_asked_again_by_the_same_name(made, drive, engine, watcher):
    fleet = made()
    engine.refuses = BenchdlError("sbatch did not answer within 20 s")

    def answers(_):
        engine.refuses = None

    assert drive(fleet, answers, wait(0), ends(fleet, "1")).complete
    assert [submission.name[-2:] for submission in engine.submitted] == ["-1"]
    assert sum("not submitted yet" in line for line in watcher.said) == 1


def test_a_refused_host_ends_the_shard_and_a_resume_tries_again(made, drive, engine):
    fleet = made()
    outcome = drive(fleet, ends(fleet, "1", "refused", message="others are there"))
    assert [shard.phase for shard in outcome.shards] == ["refused"]
    assert len(engine.submitted) == 1
    outcome = drive(fleet, ends(fleet, "2"), again=True, accept_changes=True)
    assert outcome.complete
    assert engine.submitted[1].command[-1] == "--accept-changes"


def test_a_time_limit_is_gone_on_after(made, drive, engine):
    fleet = made()
    outcome = drive(
        fleet, ends(fleet, "1", "out-of-time"), ends(fleet, "2", "out-of-time"),
        ends(fleet, "3", "out-of-time"),
    )  # fmt: skip
    (shard,) = outcome.shards
    assert "out of time 3 times without a new result" in shard.words


def test_nothing_more_is_submitted_of_a_cancelled_fleet(made, drive, engine, watcher):
    fleet = made(shards=2)

    def cancel(_):
        assert cancelling.cancel(fleet, engine, watcher.say) == 1
        ends(fleet, "1", "interrupted")(_)

    outcome = drive(fleet, cancel)
    assert [shard.phase for shard in outcome.shards] == ["stopped", "given up"]
    assert outcome.shards[1].words == "cancelled before it ran"
    assert len(engine.submitted) == 1
    cancelling.go_on(fleet)
    assert drive(fleet, ends(fleet, "2"), ends(fleet, "3", shard=1), again=True).complete


def test_a_job_that_has_ended_by_itself_is_not_told_to_end(made, drive, engine, watcher):
    fleet = made(shards=2, count=2)

    def cancel(_):
        engine.seen = {"1": Seen("ended"), "2": Seen("running")}
        assert cancelling.cancel(fleet, engine, watcher.say) == 1
        assert engine.cancelled == [("2", True)]
        ends(fleet, "1", "interrupted")(_)
        ends(fleet, "2", "interrupted", shard=1)(_)

    drive(fleet, cancel)
    assert [line for line in watcher.said if "told to end" in line] == [
        f"shard {fleet.shards[1].name}: job 2 was told to end"
    ]


def test_a_driver_that_was_killed_before_it_knew_the_id_asks_by_the_name(made, drive, engine):
    fleet = made()
    folder = fleet.shard_folder(fleet.shards[0])
    (folder.path / "submitted-1.json").write_text(f'{{"name": "n-1", "at": "{AT}"}}')
    assert drive(fleet, ends(fleet, "1"), again=True).complete
    assert [submission.name[-2:] for submission in engine.submitted] == ["-1"]
