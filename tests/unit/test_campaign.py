"""Campaigns from plan to results, stopped anywhere and gone on with; the launcher is scripted."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from types import SimpleNamespace

import pytest
import small_data

import harness
from harness.allotment import core_grant
from harness.campaign import (
    changes,
    checked,
    conduct,
    leftovers,
    one_job,
    records,
    resolved,
    side_by_side,
)
from harness.campaign.plan import Options
from harness.errors import BenchdlError, UsageError
from harness.hosts import idle
from harness.launchers.launcher import Exit, Prepared
from harness.store import Store
from runner.contract.job import Pins, Provenance, load_job
from runner.contract.result import Idle


class Killed(BaseException):
    """Stands for SIGKILL: nobody catches it, nothing is tidied."""


class Launcher:
    """Runs no process; ``script`` says by number of the start how it ends, ``ok`` by default."""

    name = "local"

    def __init__(self, make_result):
        self.make_result = make_result
        self.script = {}
        self.started = []
        self.cleared = []
        self.settled = 0
        self.lock = "a" * 64

    def refuse(self, backend): ...

    def prepare(self, backend, flavour, say):
        provenance = Provenance(
            kind="environment",
            reference=backend.name,
            flavour=flavour,
            locks_sha256={"local.lock": self.lock},
        )
        return Prepared(provenance, Pins(python="3.11"), "python")

    def inside(self, host_dir, role):
        return str(host_dir)

    def check_gpu(self, backend, say): ...

    def check_data(self, files, prepared): ...

    def keeps_to(self, cores):
        return True

    def start(self, order, on_event):
        self.started.append(order.job)
        how = self.script.get(len(self.started), "ok")
        if isinstance(how, BaseException):
            raise how
        if how == "ok":
            job = load_job((order.job_dir / "job.json").read_text())
            told = {"status": "ok", "run_id": job.run_id, "job": job.model_dump()}
            result = self.make_result(**told)
            (order.job_dir / "result.json").write_text(result.model_dump_json())
        return Exit("exited", 0 if how == "ok" else 3)

    def settle(self, say, stop):
        self.settled += 1

    def clear(self, campaign_id, say):
        self.cleared.append(campaign_id)


class Watcher:
    def __init__(self):
        self.lines, self.standings, self.began, self.ended = [], [], [], []

    def say(self, line):
        self.lines.append(line)

    def download(self, name, size_bytes): ...

    def standing(self, standing):
        self.standings.append(str(standing))

    def job_started(self, job, number, total):
        self.began.append((number, total))

    def event(self, job, event): ...

    def job_ended(self, result):
        self.ended.append(result)


@pytest.fixture
def launcher(make_result):
    return Launcher(make_result)


@pytest.fixture
def watcher():
    return Watcher()


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_data.provided(monkeypatch, "synthetic-mnist", tmp_path)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    quiet = Idle(reached=True, waited_s=0.5, cpu_percent=1.0)
    monkeypatch.setattr(idle, "wait", lambda **asked: quiet)
    return Store(tmp_path / "results")


def options(**changes):
    return Options(**{"backends": ["tf", "theano"], "repeat": 3, "order_seed": 11, **changes})


def run(launcher, store, watcher=None, until_s=None, **changes):
    plan = resolved.asked(checked.combined(options(**changes)), launcher, store)
    return conduct.run(plan, store, watcher or Watcher(), until_s=until_s)


def repeat(record, launcher, store, watcher):
    question = checked.given((job.configuration for job in record.jobs), record.options)
    plan = resolved.repeated(question, record, "5" * 64, launcher)
    return conduct.run(plan, store, watcher)


def resume(launcher, store, watcher=None, **more):
    record = records.find(store, "latest")
    return conduct.resume(record, launcher, store, watcher or Watcher(), **more)


def ended(results):
    """How often each planned job came to an end."""
    return Counter(
        result.job.campaign_position for result in results if result.status != "interrupted"
    )


def test_every_axis_of_a_plan_reaches_its_jobs(launcher, store, dummy_root, tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    file = root / "docker" / "dummy" / "image.toml"
    tuned = '[tuned]\ndescription = "of a test"\nenvironment = { OF_TUNED = "1" }\n'
    file.write_text(file.read_text().replace("[variants.quiet]", f"{tuned}\n[variants.quiet]"))
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    axes = {
        "backends": ["dummy"],
        "modes": ["as-written", "tuned"],
        "variants": ["default", "quiet"],
        "threads": [None, 1],
        "batch_sizes": [None, 64],
    }
    results = run(launcher, store, repeat=1, **axes)
    assert len(results) == 16
    for planned, result in zip(records.find(store, "latest").jobs, results, strict=True):
        wanted, job = planned.configuration, result.job
        assert job.settings.mode == wanted.mode
        assert ("OF_TUNED" in job.settings.environment) == (wanted.mode == "tuned")
        assert (job.variant, job.threads) == (wanted.variant, wanted.threads)
        assert (job.device, job.batch_size) == (wanted.device, wanted.batch_size)


ONCE_EACH = dict.fromkeys(range(1, 7), 1)


def test_every_planned_job_has_one_result_that_names_its_place(launcher, store, watcher):
    results = run(launcher, store, watcher)
    (record,), damaged = records.load(store)
    assert damaged == []
    assert [result.job.campaign_position for result in results] == [1, 2, 3, 4, 5, 6]
    for planned, result in zip(record.jobs, results, strict=True):
        job = result.job
        assert job.campaign_id == record.campaign_id
        assert (job.backend, job.repeat) == (planned.configuration.backend, planned.repeat)
        assert (job.seed, job.attempt) == (123 + planned.repeat - 1, 1)
        assert result.launch.idle.waited_s == 0.5
    assert records.results_of(store, record.campaign_id, print) == results
    assert watcher.began == [(n, 6) for n in range(1, 7)]
    assert watcher.standings[-1].endswith("6 of 6 done (6 invalid), 0 left")
    assert list(store.staging().iterdir()) == []
    assert record.left(results) == []


def test_the_record_is_there_before_the_first_job_starts(launcher, store):
    launcher.script = {1: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    (record,), _ = records.load(store)
    assert len(record.jobs) == 6
    assert record.order_seed == 11
    assert (record.dataset, record.launcher) == ("synthetic-mnist", "local")
    assert {environment.backend for environment in record.environments} == {"tf", "theano"}


def test_a_drawn_order_is_recorded_with_its_seed(launcher, store):
    first, second, again = (
        records.find(store, run(launcher, store, order_seed=seed)[0].job.campaign_id)
        for seed in (None, None, 11)
    )
    assert first.order_seed != second.order_seed
    repeated = run(launcher, store, order_seed=first.order_seed)[0].job.campaign_id
    assert records.find(store, repeated).jobs == first.jobs
    assert again.order_seed == 11


@pytest.mark.parametrize("at", range(1, 7))
def test_killed_anywhere_and_resumed_no_job_is_lost_and_none_runs_twice(launcher, store, at):
    launcher.script = {at: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    before = {file: file.read_bytes() for file in store.directory.glob("*/result.json")}
    assert len(before) == at - 1
    watcher = Watcher()
    results = resume(launcher, store, watcher)
    assert ended(results) == ONCE_EACH
    (cut_off,) = [result for result in results if result.status == "interrupted"]
    assert (cut_off.job.campaign_position, cut_off.job.attempt) == (at, 1)
    assert cut_off.failure.reason == "harness-died"
    assert cut_off.measurement is None
    again = next(
        result for result in results if result.job.campaign_position == at and result is not cut_off
    )
    assert (again.status, again.job.attempt) == ("ok", 2)
    assert watcher.began[0] == (at, 6)
    assert {file: file.read_bytes() for file in before} == before
    assert list(store.staging().iterdir()) == []
    assert launcher.cleared == [None, None, cut_off.job.campaign_id]  # each start looks for all
    assert resume(launcher, store) == results
    assert len(launcher.started) == 7


def test_killed_twice_at_the_same_job_is_two_visible_attempts(launcher, store):
    launcher.script = {2: Killed(), 3: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    with pytest.raises(Killed):
        resume(launcher, store)
    results = resume(launcher, store)
    assert ended(results) == ONCE_EACH
    attempts = [
        (result.job.attempt, result.status)
        for result in results
        if result.job.campaign_position == 2
    ]
    assert attempts == [(1, "interrupted"), (2, "interrupted"), (3, "ok")]


def test_stopped_by_the_user_and_resumed(launcher, store, watcher):
    launcher.script = {3: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store, watcher)
    record = records.find(store, "latest")
    assert watcher.lines[-1] == (
        f"finished results are kept; to go on with it: benchdl resume {record.campaign_id}"
    )
    assert [result.status for result in watcher.ended] == ["ok", "ok", "interrupted"]
    results = resume(launcher, store)
    assert ended(results) == ONCE_EACH
    (interrupted,) = [result for result in results if result.status == "interrupted"]
    assert interrupted.failure.message == "stopped by the user"


def test_a_job_that_failed_stays_failed_and_is_not_retried(launcher, store):
    launcher.script = {2: "crash", 4: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    watcher = Watcher()
    results = resume(launcher, store, watcher)
    assert ended(results) == ONCE_EACH
    (failed,) = [result for result in results if result.status == "failed"]
    assert (failed.job.campaign_position, failed.job.attempt) == (2, 1)
    assert watcher.standings[0].startswith("3 of 6 done (1 failed, 2 invalid), 1 running")


def test_killed_between_storing_and_tidying_nothing_is_stored_twice(launcher, store, monkeypatch):
    real = one_job.Exchange.remove
    monkeypatch.setattr(one_job.Exchange, "remove", lambda _: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        run(launcher, store)
    monkeypatch.setattr(one_job.Exchange, "remove", real)
    results = resume(launcher, store)
    assert ended(results) == ONCE_EACH
    assert len(results) == 6
    assert list(store.staging().iterdir()) == []


def test_a_disk_that_is_full_in_mid_campaign(launcher, store, watcher, monkeypatch):
    calls, real = [], Store.add

    def add(self, result, exchange=None):
        calls.append(1)
        if len(calls) == 3:
            raise BenchdlError("cannot write to results: No space left on device")
        return real(self, result, exchange)

    monkeypatch.setattr(Store, "add", add)
    with pytest.raises(BenchdlError, match="No space left"):
        run(launcher, store, watcher)
    assert "benchdl resume" in watcher.lines[-1]
    assert ended(resume(launcher, store)) == ONCE_EACH


def test_two_processes_on_one_campaign_are_refused(launcher, store):
    """Asked for in mid-run; tests/integration/test_resume.py does it with two processes."""
    refused = []

    class Meddled(Launcher):
        def start(self, order, on_event):
            if not refused:
                with pytest.raises(BenchdlError, match="is being run by another benchdl") as error:
                    resume(launcher, store)
                refused.append(error.value)
            return super().start(order, on_event)

    results = run(Meddled(launcher.make_result), store)
    assert ended(results) == ONCE_EACH
    assert len(refused) == 1
    assert launcher.started == []
    assert launcher.cleared == [None]  # what others left, and nothing of this campaign


def test_what_another_campaign_left_is_not_touched(launcher, store):
    launcher.script = {1: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    (left,) = [entry for entry in store.staging().iterdir() if entry.is_dir()]
    foreign = run(launcher, store)[0].job.campaign_id
    conduct.resume(records.find(store, foreign), launcher, store, Watcher())
    assert load_job((left / "job.json").read_text()).campaign_id != foreign


def test_a_job_cannot_forge_its_place(launcher, store):
    class Forger(Launcher):
        def start(self, order, on_event):
            text = (order.job_dir / "job.json").read_text()
            forged = text.replace('"campaign_position": 1', '"campaign_position": 5')
            assert forged != text
            (order.job_dir / "job.json").write_text(forged)
            raise Killed

    with pytest.raises(Killed):
        run(Forger(launcher.make_result), store)
    results = resume(launcher, store)
    (cut_off,) = [result for result in results if result.status == "interrupted"]
    assert cut_off.job.campaign_position == 1
    assert ended(results) == ONCE_EACH


def killed_at(launcher, store, at=3):
    launcher.script = {at: Killed()}
    with pytest.raises(Killed):
        run(launcher, store)
    return records.find(store, "latest")


def test_another_environment_is_refused_unless_accepted(launcher, store, watcher):
    killed_at(launcher, store)
    launcher.lock = "b" * 64
    with pytest.raises(BenchdlError, match=r"other locked versions.*--accept-changes"):
        resume(launcher, store)
    results = resume(launcher, store, watcher, accept_changes=True)
    assert ended(results) == ONCE_EACH
    changed = [
        [finding.severity for finding in result.findings if finding.code == "campaign-changed"]
        for result in results
        if result.status != "interrupted"
    ]
    assert changed == [[], [], *[["suspect"]] * 4]
    assert any("other locked versions" in line for line in watcher.lines)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("machine", "another, 64 cores", "the machine was another, 64 cores"),
        ("runner_sha256", "0" * 64, "the runner's code was changed"),
    ],
)
def test_another_machine_or_runner_is_refused(launcher, store, field, value, words):
    record = killed_at(launcher, store).model_copy(update={field: value})
    with pytest.raises(BenchdlError, match=words):
        conduct.resume(record, launcher, store, Watcher())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("harness_version", "0.0.9", "benchdl was 0.0.9"),
        ("harness_sha256", "0" * 64, "the code of benchdl itself was changed"),
    ],
)
def test_another_benchdl_is_told_and_noted(launcher, store, watcher, field, value, words):
    record = killed_at(launcher, store).model_copy(update={field: value})
    results = conduct.resume(record, launcher, store, watcher)
    assert any(words in line for line in watcher.lines)
    (finding,) = [found for found in results[-1].findings if found.code == "campaign-changed"]
    assert finding.severity == "info"
    assert words in finding.evidence


def test_other_data_is_refused_whatever_is_accepted(launcher, store):
    record = killed_at(launcher, store)
    record = record.model_copy(update={"dataset_sha256": {"train-images-idx3-ubyte": "1" * 64}})
    with pytest.raises(BenchdlError, match="began with other data"):
        conduct.resume(record, launcher, store, Watcher(), accept_changes=True)


def test_side_by_side_killed_and_resumed(launcher, store, monkeypatch):
    """Two GPUs, each with a job when the harness dies: both are cut off, and both run again."""
    together = threading.Barrier(2)

    class Both(Launcher):
        def start(self, order, on_event):
            if len(self.started) >= 2:
                together.wait(20)
                self.started.append(order.job)
                raise Killed
            return super().start(order, on_event)

    monkeypatch.setattr(side_by_side, "gpus", lambda asked: ["0", "1"])
    wanted = {"devices": ["gpu"], "parallel_gpus": True}
    with pytest.raises(Killed):
        run(Both(launcher.make_result), store, **wanted)
    results = resume(launcher, store)
    assert ended(results) == ONCE_EACH
    assert sum(result.status == "interrupted" for result in results) == 2
    assert {tuple(result.job.gpus) for result in results} == {("0",), ("1",)}


@pytest.mark.parametrize("side", [{}, {"devices": ["gpu"], "parallel_gpus": True}])
def test_when_the_time_is_up_no_further_job_begins_and_the_rest_is_left(
    launcher, store, watcher, monkeypatch, side
):
    monkeypatch.setattr(side_by_side, "gpus", lambda asked: ["0"])
    clock = SimpleNamespace(monotonic=lambda: len(launcher.started))
    monkeypatch.setattr(conduct, "time", clock)
    first = run(launcher, store, watcher, until_s=2, **side)
    assert len(first) == len(launcher.started) == 2
    (said,) = [line for line in watcher.lines if "the time is up" in line]
    assert "4 of 6 jobs did not begin; to go on: benchdl resume " in said
    results = resume(launcher, store)
    assert ended(results) == ONCE_EACH
    assert all(result.status == "ok" for result in results)


def test_jobs_side_by_side_have_cores_of_their_own(launcher, store, monkeypatch):
    monkeypatch.setattr(side_by_side, "gpus", lambda asked: ["0", "1"])
    monkeypatch.setattr(core_grant, "own", lambda: [0, 1, 2, 3])
    ordered = []

    class Noting(Launcher):
        def start(self, order, on_event):
            ordered.append((tuple(order.job.gpus), order.allotment))
            return super().start(order, on_event)

    wanted = {"devices": ["gpu"], "parallel_gpus": True, "cores_per_gpu": 1}
    results = run(Noting(launcher.make_result), store, **wanted)
    assert {len(result.job.gpus) for result in results} == {1}
    assert {len(allotment.cores) for _, allotment in ordered} == {1}
    for result in results:
        own = result.launch.allotment
        assert own in [allotment for gpus, allotment in ordered if list(gpus) == result.job.gpus]
        assert (own.cores_per_gpu, own.sources["cores"]) == (1, "its own, beside other jobs")


def test_cores_of_a_gpu_are_of_jobs_side_by_side(launcher, store):
    with pytest.raises(UsageError, match="--cores-per-gpu without --parallel-gpus"):
        run(launcher, store, devices=["gpu"], cores_per_gpu=2)


def test_the_interrupted_result_tells_how_long_the_job_lived(launcher, store, tmp_path):
    killed_at(launcher, store, 1)
    (outer,) = [entry for entry in store.staging().iterdir() if entry.is_dir()]
    began = (
        outer / leftovers.OURS
    ).stat().st_mtime - 100  # what lies ahead would be no sign of life
    os.utime(outer / leftovers.OURS, (began, began))
    samples = outer / "job" / "samples.csv"
    samples.write_text("t_s\n1\n")
    for file in (outer / "job").iterdir():
        os.utime(file, (began, began))
    os.utime(samples, (began + 42, began + 42))
    results = resume(launcher, store)
    assert results[0].launch.wall_s == pytest.approx(42, abs=0.01)
    assert "42 s" in results[0].failure.message
    stored = store.directory / results[0].run_id
    assert (stored / "samples.csv").read_text() == "t_s\n1\n"


def test_the_hash_of_the_harness_is_of_all_its_code(monkeypatch, tmp_path, repo):
    copy = tmp_path / "harness"
    shutil.copytree(repo / "harness", copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = changes.harness_sha256()
    monkeypatch.setattr(harness, "__file__", str(copy / "__init__.py"))
    assert changes.harness_sha256() == before
    for name in ("store.py", "tables/rows.py", "campaign/idle.py"):
        with (copy / name).open("a") as stream:
            stream.write("#\n")
        assert changes.harness_sha256() != before
        before = changes.harness_sha256()


def test_a_campaign_repeated_here_has_the_same_jobs_and_says_of_what(launcher, store, watcher):
    first = run(launcher, store)
    record = records.find(store, "latest")
    launcher.script = {8: Killed()}
    with pytest.raises(Killed):
        repeat(record, launcher, store, watcher)
    again = next(stored for stored in records.load(store)[0] if stored.bundle_sha256)
    assert again.bundle_sha256 == "5" * 64
    assert again.campaign_id != record.campaign_id
    assert (again.jobs, again.order_seed) == (record.jobs, record.order_seed)
    done = conduct.resume(again, launcher, store, watcher)
    assert ended(done) == ONCE_EACH
    for result in done:
        assert result.job.seed == next(
            earlier.job.seed
            for earlier in first
            if earlier.job.campaign_position == result.job.campaign_position
        )


def test_a_stopped_repetition_is_gone_on_with_by_its_bundle(launcher, store, watcher, benchdl):
    run(launcher, store)
    record = records.find(store, "latest")
    launcher.script = {7: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        repeat(record, launcher, store, watcher)
    words = "benchdl bundle rerun FILE --resume --launcher local --trust-maker"
    assert f"finished results are kept; to go on with it: {words}" in watcher.lines
    again = next(stored for stored in records.load(store)[0] if stored.bundle_sha256)
    done = benchdl("resume", again.campaign_id)
    assert done.returncode == 2
    assert "repeats a bundle: go on with: benchdl bundle rerun FILE --resume" in done.stderr


def test_a_campaign_is_not_repeated_on_other_data(launcher, store, watcher):
    run(launcher, store)
    record = records.find(store, "latest").model_copy(update={"dataset": "mnist"})
    with pytest.raises(BenchdlError, match=r"other data .* cannot be repeated without it"):
        repeat(record, launcher, store, watcher)
    assert len(launcher.started) == 6
