"""Independent jobs at the same time, each on GPUs of its own: never two on one.

A job takes as many GPUs as it needs once so many are free. It may be overtaken by jobs of its own
block alone, so that what is compared stays near in time. A job ends when the campaign is
interrupted or another one met a problem that ends the campaign.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from harness import interrupts
from harness.campaign.outlook import Standing
from harness.campaign.watcher import Watcher
from harness.errors import UsageError
from harness.nvidia import host_driver
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.contract.result import Result

_POLL_S = 0.2


class Need(NamedTuple):
    """What a job needs: how many GPUs, and the block of jobs that it belongs to."""

    gpus: int
    block: int


Start = Callable[[int, list[str], Watcher, threading.Event], Result]
"""Runs job number N (from 0) on GPUs until it ends or the event is set; stores its result."""


def gpus(asked: list[str] | None) -> list[str]:
    """The GPUs to share out: those asked for, or all that the host's driver shows.

    Raises:
        UsageError: they are not known, or one is named twice (once by index, once by UUID).
    """
    driver = host_driver.examine()
    if asked is None and not driver.gpus:
        raise UsageError(
            f"--parallel-gpus: which GPUs there are is not known here ({driver.problem})",
            "name them: --gpus 0,1",
        )
    chosen = asked if asked is not None else [str(gpu.index) for gpu in driver.gpus]
    uuids = {str(gpu.index): gpu.uuid for gpu in driver.gpus}
    if len({uuids.get(gpu, gpu) for gpu in chosen}) < len(chosen):
        raise UsageError(f"--gpus {','.join(chosen)} names a GPU twice")
    return chosen


def run(
    needs: Sequence[Need], chosen: Sequence[str], start: Start, watcher: Watcher
) -> list[Result]:
    """Run a job for each of ``needs``, each on as many of ``chosen`` as it needs, alone on them.

    Returns:
        The results in the order of the jobs.

    Raises:
        UsageError: a job needs more GPUs than there are.
        KeyboardInterrupt: Ctrl-C or SIGTERM, once every thread has ended and cleaned up its job.
        Exception: the first problem of any thread, likewise.
    """
    most = max((need.gpus for need in needs), default=0)
    if most > len(chosen):
        raise UsageError(
            f"a job needs {most} GPUs, there are {len(chosen)} to share out",
            "ask for no more in --gpus-axis, or name more with --gpus",
        )
    with interrupts.held():
        pool = _Pool(needs, chosen, start, _Shared(watcher))
        pool.run()
        real = [problem for problem in pool.problems if not isinstance(problem, KeyboardInterrupt)]
        if interrupts.pending():
            for problem in real:
                watcher.say(f"while stopping: {problem}")
            interrupts.check()
        if pool.problems:
            raise (real or pool.problems)[0]
        return [pool.results[number] for number in range(len(needs))]


def chosen_next(waiting: Sequence[int], needs: Sequence[Need], free: int) -> int | None:
    """The first waiting job that fits, in the block of the one that waits longest; None: none."""
    block = [number for number in waiting if needs[number].block == needs[waiting[0]].block]
    return next((number for number in block if needs[number].gpus <= free), None)


class _Pool:
    """The free GPUs, and a thread for each job that runs."""

    def __init__(
        self, needs: Sequence[Need], chosen: Sequence[str], start: Start, watcher: Watcher
    ) -> None:
        self._needs, self._start, self._watcher = needs, start, watcher
        self._waiting = list(range(len(needs)))
        self._order = list(chosen)
        self._free = set(chosen)
        self._changed = threading.Condition()
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
        idle = len(self._free) == len(self._order)
        return idle and (self._stop.is_set() or not self._waiting)

    def _begin(self, threads: list[threading.Thread]) -> bool:
        """Start a job if one fits into what is free; whether it did."""
        if self._stop.is_set() or not self._waiting:
            return False
        number = chosen_next(self._waiting, self._needs, len(self._free))
        if number is None:
            return False
        # The first free ones, in the user's order: a job of all has them as without this module.
        gpus = [gpu for gpu in self._order if gpu in self._free][: self._needs[number].gpus]
        thread = threading.Thread(
            target=self._work, args=(number, gpus), name=f"gpu-{'-'.join(gpus)}"
        )
        try:
            thread.start()
        except RuntimeError as none:  # no more threads are to be had here
            self.problems.append(none)
            return False
        self._waiting.remove(number)
        self._free.difference_update(gpus)
        threads.append(thread)
        return True

    def _work(self, number: int, gpus: list[str]) -> None:
        try:
            result = self._start(number, gpus, self._watcher, self._stop)
        except BaseException as problem:  # KeyboardInterrupt, too: that is how a job is stopped
            with self._changed:
                self.problems.append(problem)
                self._stop.set()
        else:
            self.results[number] = result
        with self._changed:
            self._free.update(gpus)
            self._changed.notify()


class _Shared:
    """One watcher for several jobs: a line at a time, each with its job's GPU, no live display."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        with self._lock:
            self._watcher.say(line)

    def job_started(self, job: Job, number: int, total: int) -> None:
        variant = "" if job.variant == "default" else f" {job.variant}"
        gpus = job.gpus or []
        where = f"GPU{'s' if len(gpus) > 1 else ''} {','.join(gpus)}"
        self.say(f"[{number}/{total}] {job.backend}{variant} on {where}, {job.launcher}: started")

    def download(self, name: str, size_bytes: int) -> AbstractContextManager[Advance]:
        """Pass it on."""
        return self._watcher.download(name, size_bytes)

    def standing(self, standing: Standing) -> None:
        with self._lock:
            self._watcher.standing(standing)

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """Epochs of several jobs in one stream say nothing to a reader."""

    def job_ended(self, result: Result) -> None:
        with self._lock:
            self._watcher.job_ended(result)
