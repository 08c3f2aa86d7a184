"""Jobs side by side: each on GPUs of its own, in order, and one problem ends them all."""

from __future__ import annotations

import signal
import threading
import time
from types import SimpleNamespace

import pytest

from harness import interrupts
from harness.allotment import core_lots
from harness.campaign import gpu_pool, side_by_side
from harness.campaign.gpu_pool import Need
from harness.campaign.plan import Options
from harness.errors import BenchdlError, UsageError
from harness.launchers import share
from harness.nvidia import host_driver
from runner.contract.judging import DEVICES_FREE
from runner.contract.result import Allotment


def singles(count):
    """Jobs of one GPU, all of one block."""
    return [Need(1, 1)] * count


def until(look):
    """Wait for what others do at the same time; it may never come, which is then asserted."""
    deadline = time.monotonic() + 20
    while not look() and time.monotonic() < deadline:
        time.sleep(0.005)


class Silent:
    def say(self, line): ...
    def job_started(self, job, number, total): ...
    def event(self, job, event): ...
    def job_ended(self, result): ...


def test_every_job_runs_once_and_never_two_on_one_gpu():
    busy, most, together, lock = {"0": 0, "1": 0}, [0], [0], threading.Lock()

    def start(number, place, watcher, stop):
        gpus = place.gpus
        with lock:
            for gpu in gpus:
                busy[gpu] += 1
            most[0] = max(most[0], *busy.values())
            together[0] = max(together[0], sum(busy.values()))
        until(lambda: together[0] == 2)
        time.sleep(0.02)
        with lock:
            for gpu in gpus:
                busy[gpu] -= 1
        return number

    assert side_by_side.run(singles(9), ["0", "1"], start, Silent()) == list(range(9))
    assert most == [1]
    assert together == [2]


def test_a_job_takes_as_many_gpus_as_it_needs_and_no_block_overtakes_another():
    needs = [Need(1, 1), Need(4, 1), Need(2, 1), Need(2, 2), Need(1, 2), Need(4, 2)]
    began, held, free, lock = [], {}, {"0", "1", "2", "3"}, threading.Lock()

    def start(number, place, watcher, stop):
        gpus = place.gpus
        with lock:
            assert free.issuperset(gpus), "two on one GPU"
            free.difference_update(gpus)
            began.append(number)
            held[number] = gpus
        time.sleep(0.05)
        with lock:
            free.update(gpus)
        return number

    chosen = ["0", "1", "2", "3"]
    assert side_by_side.run(needs, chosen, start, Silent()) == list(range(6))
    assert [len(held[number]) for number in range(6)] == [need.gpus for need in needs]
    assert set(began[:3]) == {0, 1, 2}, "the second block begins after the first has begun"
    assert held[1] == held[5] == chosen


@pytest.mark.parametrize(
    ("waiting", "free", "number"),
    [([0, 1, 2], 4, 0), ([1, 2, 3], 1, 2), ([1, 3], 1, None), ([3], 1, 3), ([1, 2], 0, None)],
)
def test_what_comes_next(waiting, free, number):
    needs = [Need(1, 1), Need(2, 1), Need(1, 1), Need(1, 2)]
    assert gpu_pool.chosen_next(waiting, needs, free) == number


class Training:
    """Jobs that train on GPUs of their own, then are judged; who was where at the same time.

    A judge takes ``judged_s`` seconds, and until so many were judged at the same time.
    """

    def __init__(self, judged_s, together=1):
        self.judged_s, self.together, self.lock = judged_s, together, threading.Lock()
        self.on, self.most_judged, self.judged = set(), 0, 0

    def train(self, gpus):
        with self.lock:
            assert self.on.isdisjoint(gpus), "two train on one GPU"
            self.on.update(gpus)
        time.sleep(0.02)
        with self.lock:
            self.on.difference_update(gpus)

    def start(self, number, place, watcher, stop):
        gpus = place.gpus
        watcher.job_started(SimpleNamespace(variant="", gpus=gpus, backend="", launcher=""), 1, 1)
        self.train(gpus)
        watcher.event(None, {"event": DEVICES_FREE})
        with self.lock:
            self.judged += 1
            self.most_judged = max(self.most_judged, self.judged)
        until(lambda: self.most_judged >= self.together)
        time.sleep(self.judged_s)
        with self.lock:
            self.judged -= 1
        return number


def pool(needs, training, most_judges):
    made = gpu_pool.Pool(needs, ["0", "1"], training, Silent(), most_judges)
    made.run()
    assert made.problems == []
    return [made.results[number] for number in range(len(needs))]


@pytest.mark.parametrize(("most_judges", "at_once"), [(0, 2), (1, 3), (4, 6)])
def test_a_job_whose_judge_goes_on_has_left_its_gpus(most_judges, at_once):
    jobs = Training(judged_s=0.5, together=min(at_once, 3))
    assert pool(singles(6), jobs.start, most_judges) == list(range(6))
    # Two that wait on their GPUs, and so many that have left theirs.
    assert min(at_once, 3) <= jobs.most_judged <= at_once


def test_a_further_attempt_waits_for_gpus_that_it_had_left():
    jobs, attempts = Training(judged_s=0.1), []

    def start(number, place, watcher, stop):
        if number == 0:
            jobs.start(number, place, watcher, stop)  # lost while it was judged
            attempts.append(number)
        return jobs.start(number, place, watcher, stop)

    assert pool([Need(2, 1)] * 3, start, 4) == [0, 1, 2]
    assert attempts == [0]


class Cores(Training):
    """Also sees that no core is two jobs', from a job's start to the end of its judge."""

    def __init__(self, judged_s, together=1):
        super().__init__(judged_s, together)
        self.taken, self.seen = set(), {}

    def start(self, number, place, watcher, stop):
        with self.lock:
            assert self.taken.isdisjoint(place.cores), "two jobs on one core"
            self.taken.update(place.cores)
            self.seen[number] = place
        done = super().start(number, place, watcher, stop)
        with self.lock:
            self.taken.difference_update(place.cores)
        return done


def test_a_job_keeps_its_cores_until_its_judge_has_ended():
    jobs, needs = (
        Cores(judged_s=0.2, together=2),
        [Need(1, 1), Need(2, 1), Need(1, 1), Need(1, 1)] * 2,
    )
    lots = [[0, 4], [1, 5], [2, 6]]  # a third for whoever has left its GPU
    assert side_by_side.run(needs, ["0", "1"], jobs.start, Silent(), lots) == list(range(8))
    assert 2 <= jobs.most_judged <= 3
    for number, need in enumerate(needs):
        assert len(jobs.seen[number].cores) == 2 * need.gpus
        assert jobs.seen[number].cores == sorted(jobs.seen[number].cores)


def test_each_gpu_takes_the_cores_that_are_as_far_along():
    jobs, lots = Cores(judged_s=0.1), [[0], [1], [2], [3]]
    side_by_side.run([Need(2, 1)], ["0", "1"], jobs.start, Silent(), lots)
    side_by_side.run(singles(2), ["0", "1"], jobs.start, Silent(), lots[:2])
    assert sorted(place.cores[0] for place in jobs.seen.values()) == [0, 1]
    both = Cores(judged_s=0.1)
    side_by_side.run([Need(2, 1)], ["0", "1"], both.start, Silent(), lots)
    assert both.seen[0].cores == [0, 2], "of GPU 1 those in the middle"


def able(cores):
    return True


def asked(**options):
    known = {"backends": ["torch"], "devices": ["gpu"], "parallel_gpus": True}
    return Options(**{**known, **options})


@pytest.mark.parametrize(
    ("cores", "options", "lots"),
    [
        (64, {}, (6, 10)),  # two more, for judges
        (32, {}, (6, 5)),
        (16, {}, (4, 4)),
        (8, {}, ()),  # two a GPU
        (64, {"cores_per_gpu": 0}, ()),
        (64, {"cores_per_gpu": 16}, (4, 16)),
        (8, {"cores_per_gpu": 1}, (8, 1)),
        (64, {"threads": [32]}, ()),
        (64, {"threads": [8]}, (6, 10)),
    ],
)
def test_how_many_cores_each_gpu_comes_with(monkeypatch, cores, options, lots):
    monkeypatch.setattr(core_lots, "_place", lambda core, topology: (0, core))
    allotment = Allotment(cores=list(range(cores)))
    wanted = asked(**options)
    found = side_by_side.lots(
        wanted, [(wanted.threads[0], 1)], ["0", "1", "2", "3"], allotment, able
    )
    assert (len(found), len(found[0])) == lots if lots else found == []
    together = [core for lot in found for core in lot]
    assert len(set(together)) == len(together)


def test_cores_that_are_not_there_and_threads_that_do_not_fit_are_refused():
    allotment = Allotment(cores=[0, 1, 2])
    with pytest.raises(UsageError, match="2 is 4 cores for 2 GPUs, there are 3"):
        side_by_side.lots(asked(cores_per_gpu=2), [(None, 1)], ["0", "1"], allotment, able)
    with pytest.raises(UsageError, match="--threads 2 is more than was allotted: 1 core"):
        side_by_side.lots(asked(cores_per_gpu=1), [(2, 1)], ["0", "1"], allotment, able)
    assert side_by_side.lots(asked(cores_per_gpu=1), [(2, 2)], ["0", "1"], allotment, able)


def test_an_engine_that_cannot_choose_cores():
    allotment, needs = Allotment(cores=[0, 1, 2, 3]), [(None, 1)]
    engine = {"NCPU": 4, "CPUSet": False}

    def unable(cores):
        return share.can_choose(cores, engine)

    assert side_by_side.lots(asked(), needs, ["0"], allotment, able) == [[0, 1, 2, 3]]
    assert side_by_side.lots(asked(), needs, ["0"], allotment, unable) == []
    with pytest.raises(UsageError, match="cannot keep a container to some cores"):
        side_by_side.lots(asked(cores_per_gpu=2), needs, ["0"], allotment, unable)
    engine["CPUSet"] = True
    assert unable([0, 1]) and not unable([0, 4])


def test_once_it_is_late_what_runs_ends_and_nothing_begins():
    begun = []

    def start(number, place, watcher, stop):
        begun.append(number)
        until(lambda: len(begun) >= 2)
        return number

    done = side_by_side.run(singles(9), ["0", "1"], start, Silent(), late=lambda: len(begun) >= 2)
    assert sorted(done) == sorted(begun) == [0, 1]


def test_more_gpus_than_there_are_is_refused_before_anything_starts():
    with pytest.raises(UsageError, match="a job needs 4 GPUs, there are 2 to share out"):
        side_by_side.run([Need(1, 1), Need(4, 1)], ["0", "1"], waits, Silent())


def waits(stop):
    assert stop.wait(20), "nobody told it to stop"
    raise KeyboardInterrupt  # as a launcher does whose order was stopped


def test_a_problem_of_one_ends_the_others_and_is_raised():
    started = []

    def start(number, place, watcher, stop):
        started.append(number)
        if number == 1:
            raise BenchdlError("the disk is full")
        waits(stop)

    with pytest.raises(BenchdlError, match="the disk is full"):
        side_by_side.run(singles(9), ["0", "1"], start, Silent())
    assert sorted(started) == [0, 1]


def test_a_signal_ends_all_and_is_raised_once_they_are_gone():
    ended = []

    def start(number, place, watcher, stop):
        if number == 1:
            signal.raise_signal(signal.SIGTERM)
        try:
            waits(stop)
        finally:
            time.sleep(1.0)  # longer than the main thread's look at a time
            ended.append(number)

    with interrupts.once(), pytest.raises(KeyboardInterrupt):
        side_by_side.run(singles(9), ["0", "1"], start, Silent())
    assert sorted(ended) == [0, 1]


def shows(monkeypatch, *uuids, problem=""):
    gpus = [SimpleNamespace(index=n, uuid=uuid) for n, uuid in enumerate(uuids)]
    monkeypatch.setattr(host_driver, "examine", lambda: SimpleNamespace(gpus=gpus, problem=problem))


def test_which_gpus(monkeypatch):
    shows(monkeypatch, "GPU-a", "GPU-b")
    assert side_by_side.gpus(None) == ["0", "1"]
    assert side_by_side.gpus(["1", "GPU-a"]) == ["1", "GPU-a"]
    with pytest.raises(UsageError, match="twice"):
        side_by_side.gpus(["0", "GPU-a"])


def test_gpus_that_this_host_cannot_see_must_be_named(monkeypatch):
    shows(monkeypatch, problem="no NVIDIA driver answers")
    assert side_by_side.gpus(["0", "3"]) == ["0", "3"]
    with pytest.raises(UsageError, match="no NVIDIA driver answers"):
        side_by_side.gpus(None)
