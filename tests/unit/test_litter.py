"""What dead harnesses left in a store is cleared at each start, and nothing of a living one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import marks, staging
from harness.campaign import litter, records
from harness.launchers.exchange import OURS, Exchange
from harness.store import Store
from harness.tables import rows

ID = "20261123t115900z-campaign-cpu-00c0ffee"


@pytest.fixture
def dead():
    """The mark of a harness of this machine that has ended."""
    code = "from harness import marks; print(marks.own())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


class Nothing:
    """A launcher that left nothing running."""

    name = "local"

    def __init__(self, name="local"):
        self.name, self.cleared = name, []

    def clear(self, campaign_id, say):
        self.cleared.append(campaign_id)


def sweep(store, launcher=None):
    said = []
    litter.sweep(launcher or Nothing(), store, "this machine", said.append)
    return said


def left(store):
    return sorted(path.name for path in store.staging().iterdir())


def owned(store, job, mark):
    exchange = Exchange(store.staging(), job)
    (exchange.job_dir.parent / staging.OWNER).write_text(mark)
    return exchange


def made_by(mark, monkeypatch, name="20261123t120000z-tf-cpu-00000001"):
    with monkeypatch.context() as patch:
        patch.setattr(marks, "own", lambda: mark)
        return staging.partial(name)


def aged(path):
    long_ago = time.time() - 2 * 86400
    os.utime(path, (long_ago, long_ago))


def test_names_tell_whose_they_are(dead, monkeypatch):
    assert staging.owner_of(made_by(dead, monkeypatch)) == dead
    odd = "a host/with~all:boot.1:2:3"
    assert staging.owner_of(made_by(odd, monkeypatch)) == odd
    assert "/" not in made_by(odd, monkeypatch)
    for older in ("20261123t120000z-tf-cpu-00000001.0badf00d.partial", f"{ID}.partial"):
        assert staging.owner_of(older) == ""
    for others in ("notes.txt", ".partial", "x.partial", "my.file.partial", f"{ID}.lock", ID,
                   f"{ID}~x~nothex.partial"):  # fmt: skip
        assert staging.owner_of(others) is None


def test_half_done_things_of_dead_harnesses_go_and_others_stay(store, dead, monkeypatch):
    folder = store.staging()
    host, _, rest = dead.partition(":")
    gone = [made_by(dead, monkeypatch), made_by(dead, monkeypatch, ID)]
    kept = [
        made_by(marks.own(), monkeypatch),
        made_by(f"not-{host}:{rest}", monkeypatch),
        "notes.txt", "20261123t120000z-tf-cpu-00000001.0badf00d.partial", "my.file.partial",
    ]  # fmt: skip
    for name in [*gone, *kept]:
        (folder / name).mkdir()
        (folder / name / "result.json").write_text("{}")
    sweep(store)
    assert left(store) == sorted(kept)
    for name in kept:
        aged(folder / name)
    sweep(store)  # what an older benchdl left has no mark, but is old; the others' is still theirs
    assert left(store) == sorted({*kept} - {"20261123t120000z-tf-cpu-00000001.0badf00d.partial"})


@pytest.mark.parametrize("launcher", ["local", "docker"])
def test_a_job_of_a_dead_harness_is_stored_as_interrupted(store, dead, make_result, launcher):
    """Also where no record of its campaign is left, and whichever launcher is used now."""
    job = make_result(job={"launcher": "local"}).job
    owned(store, job, dead)
    using = Nothing(launcher)
    said = sweep(store, using)
    (result,), damaged = store.load()
    assert not damaged
    assert (result.run_id, result.status) == (job.run_id, "interrupted")
    assert rows.row(result).status == "interrupted"
    assert any("stored as interrupted" in line for line in said)
    assert left(store) == []
    assert using.cleared[0] is None
    assert sweep(store) == []


@pytest.mark.parametrize("owner", ["alive", "another machine", "none"])
def test_a_job_of_a_harness_that_may_live_is_left_alone(store, dead, make_result, owner):
    job = make_result(job={"launcher": "local"}).job
    marked = {"alive": marks.own(), "another machine": f"x{dead}", "none": ""}[owner]
    exchange = owned(store, job, marked)
    assert sweep(store) == []
    assert exchange.job_dir.is_dir()
    assert store.load() == ([], [])


def test_a_container_that_may_run_is_not_forgotten(store, dead, make_result):
    """Without its engine at hand the job is not concluded; whoever resumes it has one."""
    owned(store, make_result().job, dead)
    (line,) = sweep(store)
    assert f"benchdl resume {ID}" in line
    assert store.load() == ([], [])


def test_what_is_being_removed_still_says_whose_it_is(store, make_result, monkeypatch):
    exchange = Exchange(store.staging(), make_result().job)
    monkeypatch.setattr("harness.trees.remove", lambda folder: None)  # killed before it
    exchange.remove()
    (name,) = left(store)
    assert staging.owner_of(name) == marks.own()


def test_a_folder_is_made_whole_or_under_a_name_that_tells(store, make_result, monkeypatch):
    real = Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, to: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        Exchange(store.staging(), make_result().job)
    monkeypatch.setattr(Path, "rename", real)
    (name,) = left(store)
    assert staging.owner_of(name) == marks.own()
    assert (store.staging() / name / OURS).is_file()


def test_locks_that_nobody_holds_go(store):
    folder = store.staging()
    (folder / f"{ID}.lock").touch()
    unheld = "20261123t115900z-campaign-cpu-0000beef"
    with records.held(store, unheld):
        sweep(store)
        assert left(store) == [f"{unheld}.lock"]
    assert left(store) == []


def test_a_mark_of_another_container_of_this_machine_is_not_ours_to_judge():
    """With the host's network its host name is ours; its process numbers are not."""
    host, boot, pid, begin = marks.own().rsplit(":", 3)
    assert marks.state(f"{host}:{boot}1:{pid}:{begin}") == "elsewhere"
    machine = boot.partition(".")[0]
    assert marks.state(f"{host}:{machine}:{pid}:{begin}") == "alive"  # of an older benchdl
    assert marks.state(f"{host}:{machine}:{pid}:{int(begin) + 1}") == "dead"


def test_a_process_that_proc_does_not_show_is_not_taken_for_dead(monkeypatch, tmp_path):
    host, boot, _, _ = marks.own().rsplit(":", 3)
    process = subprocess.Popen(["sleep", "60"])
    try:
        monkeypatch.setattr(marks, "_boot", lambda: boot)
        monkeypatch.setattr(marks, "_PROC", tmp_path)  # as with hidepid, for another user
        assert marks.state(f"{host}:{boot}:{process.pid}:5") == "elsewhere"
    finally:
        process.kill()
        process.wait()
    assert marks.state(f"{host}:{boot}:{process.pid}:5") == "dead"


def test_a_thread_that_cannot_be_had_is_no_reason_to_wait(monkeypatch):
    from harness.campaign import gpu_pool, side_by_side

    class NoThread:
        def __init__(self, **named): ...
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(gpu_pool.threading, "Thread", NoThread)
    with pytest.raises(RuntimeError, match="thread"):
        needs = [gpu_pool.Need(1, 1)] * 2
        side_by_side.run(needs, ["0", "1"], None, SimpleNamespace(say=print))
