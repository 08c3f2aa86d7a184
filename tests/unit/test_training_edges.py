"""The judge's hold on a trainer: what each of its words comes to, its pipes, and every end."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from runner import trainer, training
from runner.channel import Frame
from runner.training import Training, TrainingError
from runner.workloads import lookup

pytestmark = pytest.mark.timeout(120)  # most that goes wrong here is that somebody waits

GET_DUMPABLE, SET_DUMPABLE, GET_CHILD_SUBREAPER = 3, 4, 37  # <linux/prctl.h>


class Said:
    """Progress that is kept; ``forgotten`` in a process that must not speak."""

    def __init__(self):
        self.events, self.forgotten = [], False

    def event(self, event, **facts):
        self.events.append((event, facts))

    def forget(self):
        self.forgotten = True


@pytest.fixture
def held(make_result, monkeypatch):
    """A training of two epochs whose trainer is the function given, and its progress."""

    def start(work, launcher="local"):
        job = make_result(job={"budget": {"count": 2}, "launcher": launcher}).job
        monkeypatch.setattr(
            trainer, "run", lambda job, workload, teller, further: work(job, workload, teller)
        )
        return Training(job, lookup.of(job), Said())

    return start


def waits(job, workload, teller):
    teller.wait()
    return 0


def said(training, *frames):
    for heard_s, kind, facts in frames:
        training._noted(Frame(heard_s, kind, facts))


def lap(number, **facts):
    return {"number": number, "loss": 0.5, "duration_s": 4.0, "elapsed_s": 7.0, **facts}


def test_laps_are_timed_from_one_word_to_the_next(held):
    with held(waits) as training:
        said(
            training,
            (10.0, "phase", {"phase": "fit"}),
            (12.5, "lap", lap(1)),
            (15.0, "lap", lap(2, loss=None)),
        )
    assert [
        (epoch.number, epoch.duration_s, epoch.heard_s, epoch.loss) for epoch in training.laps
    ] == [
        (1, 4.0, 2.5, 0.5),
        (2, 4.0, 2.5, None),
    ]
    assert training._progress.events == [
        ("phase", {"phase": "fit"}),
        ("lap", {"lap": 1, "laps": 2, "loss": 0.5, "elapsed_s": 7.0}),
        ("lap", {"lap": 2, "laps": 2, "loss": None, "elapsed_s": 7.0}),
    ]


def test_a_lap_takes_no_less_than_no_time(held):
    with held(waits) as training:
        fit = (10.0, "phase", {"phase": "fit"})
        said(training, fit, (10.0, "lap", lap(1)), (10.25, "lap", lap(2)))
    assert [epoch.heard_s for epoch in training.laps] == [0.0, 0.25]
    with held(waits) as training:
        said(training, fit, (9.5, "lap", lap(1)))
    assert [epoch.heard_s for epoch in training.laps] == [0.0]


def test_the_first_word_on_a_phase_counts(held):
    with held(waits) as training:
        said(
            training,
            (1.0, "phase", {"phase": "build"}),
            (2.0, "phase", {"phase": "build"}),
            (3.0, "took", {"phase": "build", "seconds": 1.5}),
            (4.0, "took", {"phase": "build", "seconds": 9.0}),
            (5.0, "took", {"phase": "fit", "seconds": 2}),
            (6.0, "took", {"phase": "fit", "seconds": 3}),
        )
    assert training.marks == {"build": 1.0, "fit_end": 5.0}
    assert training.took == {"build": 1.5, "fit": 2.0}


def test_what_is_not_progress_is_handed_on(held):
    with held(waits) as training:
        assert training._noted(Frame(1.0, "trained", {})) is False
        for kind in ("phase", "took"):
            frame = Frame(1.0, kind, {"phase": "proof", "seconds": 1.0})
            assert training._noted(frame) is True
            with pytest.raises(ValueError, match=f"^a phase '{'x' * 40}'$"):
                training._noted(Frame(1.0, kind, {"phase": "x" * 41, "seconds": 1.0}))


@pytest.mark.parametrize(
    ("kind", "facts", "reason", "words"),
    [
        ("failed", {"reason": "unsupported", "message": "no such layer"}, "unsupported",
         "no such layer"),
        ("failed", {"message": "it broke"}, "runner-error", "it broke"),
        ("failed", {}, "runner-error", ""),
        ("untrained", {}, "runner-error", "the trainer said 'untrained' out of turn"),
        ("took", {"phase": "fit", "seconds": None}, "runner-error",
         "the trainer said something that cannot be: float"),
        ("phase", {"phase": "sleep"}, "runner-error",
         "the trainer said something that cannot be: a phase 'sleep'"),
    ],
)  # fmt: skip
def test_other_words_than_those_it_waits_for_end_it(held, kind, facts, reason, words):
    def work(job, workload, teller):
        teller.tell(kind, **facts)
        teller.wait()
        return 0

    with pytest.raises(TrainingError) as caught, held(work) as training:
        training.until("trained")
    assert (caught.value.reason, caught.value.exit_code) == (reason, None)
    assert str(caught.value).startswith(words)
    assert bool(str(caught.value)) == bool(words)


def test_what_is_no_frame_is_refused_in_its_own_words(held):
    def work(job, workload, teller):
        os.write(teller._frames, b"nonsense\n")
        teller.wait()
        return 0

    with pytest.raises(TrainingError) as caught, held(work) as training:
        training.until("trained")
    assert (caught.value.reason, str(caught.value)) == (
        "runner-error",
        "the trainer said something that is no frame",
    )


def test_a_trainer_that_is_done_with_ends_by_itself(held, tmp_path):
    def work(job, workload, teller):
        teller.wait()
        time.sleep(0.3)
        (tmp_path / "ended").touch()
        return 0

    with held(work) as training:
        pass
    assert (tmp_path / "ended").exists()
    assert training._status == 0


def fails(job, workload, teller):
    raise OSError("of the trainer")


@pytest.mark.parametrize(
    ("work", "reason", "code", "words"),
    [
        (lambda *_: 0, "no-result", 0, "the training process ended without a result"),
        (lambda *_: 3, "crashed", 3, "the training process ended with exit code 3"),
        (fails, "crashed", 1, "the training process ended with exit code 1"),
        (lambda *_: os.kill(os.getpid(), signal.SIGHUP), "crashed", -1,
         "the training process ended by signal 1"),
        (lambda *_: os.kill(os.getpid(), signal.SIGTERM), "crashed", -15,
         "the training process ended by signal 15"),
        (lambda *_: os.kill(os.getpid(), signal.SIGKILL), "crashed", -9,
         "the training process ended by signal 9 (SIGKILL: perhaps the machine ran out of memory)"),
    ],
)  # fmt: skip
def test_every_end_has_its_words(held, capfd, work, reason, code, words):
    with pytest.raises(TrainingError) as caught, held(work) as training:
        training.until("trained")
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)
    assert str(caught.value) == words
    assert capfd.readouterr().err == ""


def test_a_trainer_that_only_falls_silent_is_ended(held, monkeypatch):
    monkeypatch.setattr(training, "_ENDED_S", 0.2)

    def work(job, workload, teller):
        os.close(teller._frames)
        time.sleep(60)
        return 0

    with pytest.raises(TrainingError, match="signal 9"), held(work) as trained:
        trained.until("trained")


def test_a_trainer_may_be_silent_for_long(held):
    def work(job, workload, teller):
        time.sleep(1.6 * training._LOOK_S)
        teller.tell("trained")
        teller.wait()
        return 0

    with held(work) as trained:
        assert trained.until("trained").kind == "trained"


def test_a_trainer_whose_child_holds_its_pipe_open_is_gone_all_the_same(held):
    def work(job, workload, teller):
        if os.fork() == 0:
            time.sleep(600)
        return 0

    with pytest.raises(TrainingError, match="without a result"), held(work) as trained:
        trained.until("trained")


def test_many_that_were_left_behind_are_ended_and_no_process_of_before(held, tmp_path):
    """Each has a child of its own, which comes to us only after its parent's end."""
    before = psutil.Popen(["sleep", "600"])

    def work(job, workload, teller):
        for number in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork():
                    time.sleep(600)
                (tmp_path / str(number)).write_text(str(os.getpid()))
                time.sleep(600)
        teller.wait()
        return 0

    try:
        with held(work) as trained:
            while len([file for file in tmp_path.iterdir() if file.read_text()]) < 3:
                time.sleep(0.01)
        left = [int(file.read_text()) for file in tmp_path.iterdir()]
        assert not any(psutil.pid_exists(pid) for pid in left)
        assert not psutil.pid_exists(trained.pid)
        assert before.is_running()
        assert before.status() != psutil.STATUS_ZOMBIE
    finally:
        before.kill()
        before.wait()


def hands_over(size):
    def work(job, workload, teller):
        teller.tell("trained", bytes(size))
        teller.wait()
        return 0

    return work


def test_weights_are_taken_up_to_twice_their_number_and_a_megabyte_of_words(held):
    """Twice, so that another network is found and not refused."""
    size = 4 * 2 * 65_402 + 2**20
    with held(hands_over(size)) as trained:
        assert len(trained.until("trained").payload) == size
    too_many = pytest.raises(TrainingError, match=f"announces {size + 1} bytes")
    with too_many, held(hands_over(size + 1)) as trained:
        trained.until("trained")


DESCRIPTORS = Path("/proc/self/fd")


def link(descriptor):
    """What it is open to: of a pipe its number, which both ends have."""
    return str((DESCRIPTORS / str(descriptor)).readlink())


def links():
    found = []
    for descriptor in DESCRIPTORS.iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except OSError:  # that of the listing itself
            continue
    return found


def test_either_side_holds_its_ends_of_the_pipes_alone(held):
    """An end that is left open would hide that the other side is gone."""

    def work(job, workload, teller):
        ends = [link(end) for end in (teller._frames, teller._orders)]
        teller.tell("trained", counts=[links().count(end) for end in ends])
        teller.wait()
        return 0

    with held(work) as trained:
        assert trained.until("trained").facts["counts"] == [1, 1]
        ours = (trained._listener._stream.fileno(), trained._listener._orders)
        ends = [link(end) for end in ours]
        assert [links().count(end) for end in ends] == [1, 1]


def test_the_trainer_does_not_speak_for_us_and_our_thread_holds_nobody_up(held):
    threads = set(threading.enumerate())
    kept = SimpleNamespace()

    def work(job, workload, teller):
        teller.tell("trained", forgotten=kept.training._progress.forgotten)
        teller.wait()
        return 0

    real = training._fork

    def fork(tasks, progress):
        kept.training = SimpleNamespace(_progress=progress)
        return real(tasks, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_fork", fork)
        with held(work) as trained:
            assert trained.until("trained").facts == {"forgotten": True}
            assert trained._progress.forgotten is False
            (listening,) = set(threading.enumerate()) - threads
            assert listening.daemon


def prctl(option, *arguments):
    return ctypes.CDLL(None).prctl(option, *(arguments or (0,)), 0, 0, 0)


def adopts():
    answer = ctypes.c_int()
    prctl(GET_CHILD_SUBREAPER, ctypes.byref(answer))
    return bool(answer.value)


@pytest.mark.parametrize(("launcher", "dumpable"), [("docker", 0), ("local", 1)])
def test_in_a_container_nobody_reads_the_judges_memory(held, launcher, dumpable):
    """There the trainer has the judge's user; on a host, debuggers are the user's own affair."""
    before = prctl(GET_DUMPABLE)  # a test of this process may have held another trainer
    prctl(SET_DUMPABLE, 1)
    try:
        with held(waits, launcher):
            assert prctl(GET_DUMPABLE) == dumpable
            assert adopts()
        assert not adopts()
    finally:
        prctl(SET_DUMPABLE, before)


def test_a_trainer_ends_with_its_judge_and_not_with_another(held, tmp_path):
    def work(job, workload, teller):
        (tmp_path / "draft").write_text(str(os.getpid()))
        (tmp_path / "draft").rename(tmp_path / "pid")
        time.sleep(600)
        return 0

    with held(waits) as ours:
        judge = os.fork()
        if judge == 0:
            try:
                held(work)
                signal.pause()
            finally:
                os._exit(1)
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        theirs = psutil.Process(int((tmp_path / "pid").read_text()))
        os.kill(judge, signal.SIGKILL)
        os.waitpid(judge, 0)
        deadline = time.monotonic() + 60
        while theirs.status() != psutil.STATUS_ZOMBIE:  # it comes to us, and we have not waited
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert psutil.Process(ours.pid).status() != psutil.STATUS_ZOMBIE


def test_without_prctl_its_protection_is_missing_and_nothing_else(held, monkeypatch):
    for error in (OSError, AttributeError):

        def missing(name, error=error):
            raise error

        monkeypatch.setattr(training.ctypes, "CDLL", missing)
        with held(waits) as trained:
            assert trained.pid > 0
