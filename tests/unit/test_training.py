"""The judge's view of a trainer: what is noted, what is refused, and how it ends."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from runner import trainer, training
from runner.channel import ChannelError, Frame, tensors
from runner.events import Progress
from runner.training import Training, TrainingError
from runner.workloads import lookup

pytestmark = pytest.mark.timeout(120)  # most that goes wrong here is that somebody waits


@pytest.fixture
def held(make_result, tmp_path, monkeypatch):
    """A training whose trainer is the function given."""
    job = make_result(job={"budget": {"count": 2}, "launcher": "local"}).job
    stdout, stderr = os.dup(1), os.dup(2)

    def start(work):
        monkeypatch.setattr(
            trainer, "run", lambda job, workload, teller, further: work(job, workload, teller)
        )
        return Training(job, lookup.of(job), Progress(tmp_path / "log.txt"))

    yield start
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)


def test_what_it_tells_is_stamped_by_our_clock(held):
    def work(job, workload, teller):
        teller.wait()
        teller.tell("phase", phase="fit")
        teller.tell("lap", number=1, loss=0.5, duration_s=9.0, elapsed_s=9.0)
        teller.tell("took", phase="fit", seconds=9.0)
        teller.hand_over("trained", [[1.0, 2.0]])
        teller.wait()
        return 0

    with held(work) as training:
        training.go()
        frame = training.until("trained")
    assert [list(tensor) for tensor in tensors(frame)] == [[1.0, 2.0]]
    (lap,) = training.laps
    assert lap.duration_s == 9.0
    assert lap.heard_s < 5.0
    assert training.marks["fit"] <= training.marks["fit_end"] <= time.monotonic()


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("phase", {"phase": "x" * 1000}, "a phase 'xxx"),
        ("phase", {}, "cannot be"),
        ("lap", {"number": 1}, "cannot be"),
        ("took", {"phase": "fit", "seconds": "long"}, "cannot be"),
        ("took", {"phase": "fit", "seconds": 10**400}, "cannot be"),
        ("done", {}, "out of turn"),
    ],
)
def test_what_cannot_be_ends_it(held, kind, facts, words):
    def work(job, workload, teller):
        teller.tell(kind, **facts)
        time.sleep(600)
        return 0

    with pytest.raises(TrainingError, match=words), held(work) as training:
        training.until("trained")
    assert not psutil.pid_exists(training.pid)


def test_more_laps_than_asked_for_are_refused(held):
    def work(job, workload, teller):
        teller.tell("phase", phase="fit")
        while True:
            teller.tell("lap", number=1, loss=0.5, duration_s=0.0, elapsed_s=0.0)

    with pytest.raises(TrainingError, match="more laps"), held(work) as training:
        training.until("trained")
    assert len(training.laps) == 2


@pytest.mark.parametrize(
    ("end", "reason", "words"),
    [
        (lambda: os._exit(0), "no-result", "without a result"),
        (lambda: os._exit(3), "crashed", "exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "crashed", "signal 9"),
    ],
)
def test_an_end_of_its_own_is_told(held, end, reason, words):
    with pytest.raises(TrainingError, match=words) as caught, held(lambda *_: end()) as training:
        training.until("trained")
    assert caught.value.reason == reason


def test_what_it_forked_and_left_ends_with_it(held, tmp_path):
    def work(job, workload, teller):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                (tmp_path / "pid").write_text(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        os.wait()
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        teller.tell("trained")
        teller.wait()
        return 0

    with held(work) as training:
        training.until("trained")
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("shapes", [[[3]], [[1]], [[-1, -2]], [["2"]]])
def test_weights_that_do_not_fit_their_shapes(shapes):
    with pytest.raises(ChannelError):
        tensors(Frame(0.0, "trained", {"shapes": shapes}, bytes(8)))


def test_all_phases_are_those_of_a_result():
    from runner.contract.measurement import Phases

    named = {f"{name}_s" for name in training.PHASES}
    assert named <= set(Phases.model_fields)


def test_what_a_backend_has_no_words_for_is_said_before_it_starts(held, monkeypatch):
    class Wordless:
        def supports(self, workload):
            return f"no {workload.name} here"

    real = trainer.run
    monkeypatch.setattr(trainer.loading, "load", lambda name: Wordless())
    with pytest.raises(TrainingError, match="no cnn-mnist here") as caught, held(real) as training:
        training.go()
        training.until("untrained")
    assert caught.value.reason == "unsupported"
    assert training.marks == {}
