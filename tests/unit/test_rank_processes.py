"""Ranks as processes: they do what they are told, and one that is lost has the last word."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
import warnings

import psutil
import pytest

from runner.backends.base import LostRankError
from runner.backends.common import rank_processes
from runner.backends.common.rank_processes import RankProcesses
from runner.backends.common.ranked_trainer import OwnRank, RankedTrainer
from runner.contract.signals import ended_by
from runner.workloads import lookup

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rank_processes, "GRACE_S", 0.5)


@pytest.fixture
def ranks():
    """Processes of so many ranks that do what a function does; the errors that end the job."""
    before, ended = set(psutil.Process().children()), []

    def start(count, does):
        made = RankProcesses(
            count,
            lambda rank, orders: rank_processes.serve(
                orders, lambda name, *words: does(rank, name, *words)
            ),
            ended.append,
        )
        return made, ended

    yield start
    for child in set(psutil.Process().children()) - before:
        child.kill()


def complaining(rank, name, *words):
    if name == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "die warned":
        warnings.warn_explicit("this may be slow", UserWarning, "graph.py", 869)
        sys.stderr.write("  return backward()  # what warnings show of the code\n")
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "fail" and rank == 2:
        raise ValueError("no memory left on this GPU")
    if name == "say":
        sys.stderr.write("a warning\n")
    return [rank, name, *words]


def test_every_rank_does_it_and_answers_in_order(ranks):
    made, ended = ranks(4, complaining)
    made.tell("add", 1, "x")
    assert made.answers() == [[1, "add", 1, "x"], [2, "add", 1, "x"], [3, "add", 1, "x"]]
    assert ended == []


def test_what_a_rank_writes_is_passed_on_with_its_number(ranks, capfd):
    made, _ = ranks(2, complaining)
    made.tell("say")
    made.answers()
    deadline = time.monotonic() + 60
    while "[rank 1] a warning" not in (found := capfd.readouterr().err):
        assert time.monotonic() < deadline, found


@pytest.mark.parametrize(
    ("order", "count", "words"),
    [
        ("fail", 3, "rank 2 of 3 ended by itself: ValueError: no memory left on this GPU"),
        ("die", 2, f"rank 1 of 2 ended {ended_by(9)}"),
        ("die warned", 2, f"rank 1 of 2 ended {ended_by(9)}"),
    ],
)
def test_a_lost_rank_is_named_with_its_last_words(ranks, order, count, words):
    made, ended = ranks(count, complaining)
    made.tell(order)
    with pytest.raises(LostRankError, match=re.escape(words)):
        made.answers()
    deadline = time.monotonic() + 60
    while not ended and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)  # none comes besides
    assert [str(error) for error in ended] == [words]  # where the tool waits, this ends the job


class Waiting:
    """A trainer whose tool complains of what it hears of the other rank."""

    def __init__(self, *_):
        self.updates = 3

    def prepare(self, data):
        if data == "die" and threading.current_thread() is threading.main_thread():
            raise RuntimeError("Connection closed by peer")

    def fit(self, epochs, lap_seen):
        lap_seen(epochs, 0.5)
        return self.updates

    def handover(self):
        import numpy

        shapes = [weight.shape for weight in lookup.load("cnn-mnist").network.weights()]
        return [numpy.zeros(shape, "float32") for shape in shapes]

    def attest(self):
        return "cpu", {"products_in": {"bfloat16": 4}}


def ranked(count, fails=()):
    def place():
        return {"device": "cpu", "name": "cpu", "versions": {"torch": "9"}}

    def serve(rank, orders):
        own = OwnRank(rank, Waiting, place)
        if rank in fails:
            own.build = lambda *_: os._exit(7)
        own.serve(orders)

    processes = RankProcesses(count, serve, lambda error: None)
    workload = lookup.load("cnn-mnist")
    return RankedTrainer(processes, OwnRank(0, Waiting, place), workload, 123)


def test_ranks_attest_updates_and_weights():
    trainer = ranked(3)
    trainer.prepare(None)
    laps = []
    assert trainer.fit(2, lambda number, loss: laps.append((number, loss))) == 3
    told = trainer.ranks()
    assert [rank["number"] for rank in told] == [0, 1, 2]
    assert {rank["updates"] for rank in told} == {3}
    assert len({rank["weights_sha256"] for rank in told}) == 1
    assert [rank["products_in"] for rank in told] == [{"bfloat16": 4}] * 3
    assert len({rank["pid"] for rank in told}) == 3
    assert laps == [(2, 0.5)]


def test_what_the_tool_says_of_a_lost_rank_is_told_by_that_rank():
    with pytest.raises(LostRankError, match="rank 1 of 2 ended by itself"):
        ranked(2, fails=(1,))


def test_an_error_of_rank_0_itself_stays_its_own():
    trainer = ranked(2)
    with pytest.raises(RuntimeError, match="closed by peer"):
        trainer.prepare("die")
