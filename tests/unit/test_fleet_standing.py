"""How far a shard is: the folder is the truth, the engine's word a hint."""

from __future__ import annotations

import pytest

from harness.fleet.scheduler import Seen
from harness.fleet.shard_files import Beat, Begin, End, ShardFolder, Submitted
from harness.fleet.standing import Watch

AT = "2026-11-26T12:00:00+00:00"


class Clock:
    """Seconds that a test sets."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "1-lab").mkdir()
    return ShardFolder(tmp_path / "1-lab")


@pytest.fixture
def watch(folder, clock):
    """Beats come every second: a shard is stale after six."""
    return Watch(folder, "lab", 1.0, clock)


def submitted(folder, job_id="7", number=1):
    folder.note_submission(number, Submitted(name=f"n{number}", at=AT, job_id=job_id))


def begun(folder, job_id="7", count=1):
    folder.begin(Begin(job_id=job_id, host="fl1", at=AT, machine="lab"))
    folder.beat(job_id, Beat(count=count, ended=1, total=3))


def test_it_is_planned_until_the_engine_gave_an_id(folder, watch):
    assert watch.look(None).phase == "planned"
    submitted(folder, job_id=None)
    assert watch.look(None).phase == "planned"
    submitted(folder)
    assert watch.look(Seen("waiting", reason="others have its hosts")).phase == "waiting"


@pytest.mark.parametrize("state", ["running", "ended", "unknown"])
def test_signs_of_life_count_whatever_the_engine_says(folder, watch, clock, state):
    submitted(folder)
    for count in range(1, 20):
        begun(folder, count=count)
        clock.now += 5
        found = watch.look(Seen(state))
        assert (found.phase, found.host, found.beat.ended) == ("running", "fl1", 1)


@pytest.mark.parametrize(
    ("state", "phase"), [("running", "silent"), ("ended", "lost"), ("unknown", "lost")]
)
def test_a_silent_host_is_lost_only_if_the_engine_lost_it_too(folder, watch, clock, state, phase):
    submitted(folder)
    begun(folder)
    assert watch.look(Seen(state)).phase == "running"
    clock.now += 5.9
    assert watch.look(Seen(state)).phase == "running"
    clock.now += 0.2
    assert watch.look(Seen(state)).phase == phase


def test_what_never_began_is_lost_only_after_a_while(folder, watch, clock):
    submitted(folder)
    assert watch.look(Seen("ended")).phase == "waiting"
    clock.now += 6.1
    assert watch.look(Seen("waiting")).phase == "waiting"
    found = watch.look(Seen("ended", reason="its command failed"))
    assert (found.phase, found.words) == ("lost", "no sign of life for 6 s; its command failed")


@pytest.mark.parametrize(
    ("how", "phase"),
    [
        ("done", "done"), ("refused", "refused"), ("failed", "failed"),
        ("interrupted", "stopped"), ("out-of-time", "out of time"),
    ],
)  # fmt: skip
def test_an_end_file_means_ended_whatever_the_engine_says(folder, watch, how, phase):
    submitted(folder)
    begun(folder)
    folder.end("7", End(how=how, at=AT, message="why", advice="what to do"))
    found = watch.look(Seen("running"))
    assert (found.phase, found.words) == (phase, "why (what to do)")


def test_an_earlier_end_is_not_that_of_the_next_submission(folder, watch):
    submitted(folder)
    folder.end("7", End(how="failed", at=AT))
    submitted(folder, job_id="8", number=2)
    assert watch.look(Seen("waiting")).phase == "waiting"


def test_a_host_that_came_back_may_end_all_jobs(folder, watch):
    submitted(folder)
    submitted(folder, job_id="8", number=2)
    folder.end("7", End(how="done", at=AT))
    assert watch.look(Seen("running")).phase == "done"


def test_a_resume_submits_what_ended_early_anew(folder, watch):
    submitted(folder)
    folder.end("7", End(how="interrupted", at=AT))
    assert watch.look(None).phase == "stopped"
    watch.begin_again()
    assert watch.look(None).phase == "planned"
    submitted(folder, job_id="8", number=2)
    folder.end("8", End(how="interrupted", at=AT))
    assert watch.look(None).phase == "stopped"


def test_damaged_files_say_nothing(folder, watch):
    submitted(folder)
    begun(folder)
    (folder.path / "end-7.json").write_text("{")
    (folder.path / "beat-7.json").write_text("nonsense")
    assert watch.look(Seen("running")).phase == "running"
