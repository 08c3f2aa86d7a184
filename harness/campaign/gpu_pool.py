"""Which job has which GPUs and cores: never two jobs on one GPU, none waits where there is room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness import interrupts
from harness.campaign.one_of_several import OneOfSeveral
from harness.campaign.watcher import Watcher
from runner.contract import judging
from runner.contract.result import Result

_POLL_S = 0.2


class Need(NamedTuple):
    """What a job needs: how many GPUs, and the block of jobs that it belongs to."""

    gpus: int
    block: int


class Place(NamedTuple):
    """Where a job runs: its GPUs, and the cores that are its own; None: those of all jobs."""

    gpus: list[str]
    cores: list[int] | None = None


Start = Callable[[int, Place, Watcher, threading.Event], Result]
"""Runs job number N (from 0) there until it ends or the event is set; stores its result."""


def chosen_next(waiting: Sequence[int], needs: Sequence[Need], free: int) -> int | None:
    """The first waiting job that fits, in the block of the one that waits longest; None: none."""
    block = [number for number in waiting if needs[number].block == needs[waiting[0]].block]
    return next((number for number in block if needs[number].gpus <= free), None)


def judges_beside(cores: int) -> int:
    """How many judges may go on while other jobs train: half of the cores are for those."""
    return cores // 2 // judging.THREADS


class Pool:
    """The free GPUs and lots of cores, and a thread for each job that runs.

    A job that leaves its GPUs before it ends, since what is left to do is the judge's, makes room
    for the next one: for so many judges at a time as there are cores for. Its lots of cores, one
    for each GPU, it keeps to its end.
    """

    def __init__(
        self,
        needs: Sequence[Need],
        chosen: Sequence[str],
        start: Start,
        watcher: Watcher,
        most_judges: int,
        lots: Sequence[Sequence[int]] = (),
        late: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make it.

        Args:
            needs: of each job.
            chosen: the GPUs to share out.
            start: runs a job.
            watcher: is told of all of them.
            most_judges: so many may go on while other jobs train on the GPUs of theirs.
            lots: of cores, at least one for each GPU; without any, jobs share all cores.
            late: whether no further job is to begin.
        """
        self._needs, self._start, self._watcher = needs, start, watcher
        self._most_judges, self._late = most_judges, late
        self._waiting = list(range(len(needs)))
        self._order = list(chosen)
        self._lots = [list(lot) for lot in lots]
        self._free_lots = list(range(len(lots)))
        self._lots_of: dict[int, list[int]] = {}
        self._held: dict[int, set[str]] = {}
        """Of each job that runs, the GPUs that no other may have: none of one that left them."""
        self._leaving: list[int] = []
        self._changed = threading.Condition()
        self._telling = threading.Lock()
        self._stop = threading.Event()
        self.results: dict[int, Result] = {}
        self.problems: list[BaseException] = []

    def run(self) -> None:
        """Until every job has ended, or one met a problem and those that ran have ended."""
        threads: list[threading.Thread] = []
        with self._changed:
            while not self._done():
                if not self._begin(threads):
                    self._changed.wait(_POLL_S)
        for thread in threads:
            thread.join()

    def _done(self) -> bool:
        if interrupts.pending() or self.problems:
            self._stop.set()
        return not self._held and (self._stop.is_set() or not self._waiting or self._late())

    def _free(self) -> list[str]:
        """In the user's order, so that a job of all has them as without this module."""
        taken = set().union(*self._held.values())
        return [gpu for gpu in self._order if gpu not in taken]

    def _begin(self, threads: list[threading.Thread]) -> bool:
        """Start a job if one fits into what is free; whether it did."""
        if self._stop.is_set() or not self._waiting or self._late():
            return False
        free = self._free()
        room = min(len(free), len(self._free_lots)) if self._lots else len(free)
        number = chosen_next(self._waiting, self._needs, room)
        if number is None:
            return False
        gpus = free[: self._needs[number].gpus]
        lots = self._nearest(gpus)
        cores = sorted(core for lot in lots for core in self._lots[lot]) if lots else None
        thread = threading.Thread(
            target=self._work, args=(number, Place(gpus, cores)), name=f"gpu-{'-'.join(gpus)}"
        )
        try:
            thread.start()
        except RuntimeError as none:  # no more threads are to be had here
            self.problems.append(none)
            return False
        self._waiting.remove(number)
        self._held[number] = set(gpus)
        self._lots_of[number] = lots
        self._free_lots = [lot for lot in self._free_lots if lot not in lots]
        threads.append(thread)
        return True

    def _nearest(self, gpus: list[str]) -> list[int]:
        """A free lot for each GPU, as far along in their order as it: mostly of one processor."""
        free, found = list(self._free_lots), []
        for gpu in gpus if self._lots else []:
            along = self._order.index(gpu) * len(self._lots) // len(self._order)
            found.append(min(free, key=lambda lot: abs(lot - along)))
            free.remove(found[-1])
        return found

    def _work(self, number: int, place: Place) -> None:
        told = OneOfSeveral(
            self._watcher,
            self._telling,
            lambda: self._take(number, place.gpus),
            lambda: self._leave(number),
        )
        try:
            result = self._start(number, place, told, self._stop)
        except BaseException as problem:  # KeyboardInterrupt, too: that is how a job is stopped
            with self._changed:
                self.problems.append(problem)
                self._stop.set()
        else:
            self.results[number] = result
        with self._changed:
            del self._held[number]
            self._free_lots = sorted(self._free_lots + self._lots_of.pop(number))
            if number in self._leaving:
                self._leaving.remove(number)
            self._let_go()

    def _take(self, number: int, gpus: list[str]) -> None:
        """Before an attempt: an earlier one of this job may have left them to another job."""
        with self._changed:
            if number in self._leaving:
                self._leaving.remove(number)
            while not (self._held.get(number) or self._stop.is_set()):
                if set(gpus).issubset(self._free()):
                    self._held[number] = set(gpus)
                else:
                    self._changed.wait(_POLL_S)

    def _leave(self, number: int) -> None:
        """The job trains no more, and its judge goes on."""
        with self._changed:
            self._leaving.append(number)
            self._let_go()

    def _let_go(self) -> None:
        for number in self._leaving[: self._most_judges]:
            self._held[number] = set()
        self._changed.notify_all()
