"""Independent single-GPU jobs at the same time: one job a GPU, never two on one.

Each GPU has a thread that takes the next job when it is free. A thread ends its job when the
campaign is interrupted or another thread met a problem that ends the campaign.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from harness import interrupts
from harness.campaign.outlook import Standing
from harness.campaign.watcher import Watcher
from harness.errors import UsageError
from harness.nvidia import host_driver
from harness.provision.progress import Advance
from runner.contract.job import Job
from runner.contract.result import Result

_POLL_S = 0.2


Start = Callable[[int, str, Watcher, threading.Event], Result]
"""Runs job number N (from 0) on a GPU until it ends or the event is set; stores its result."""


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


def run(total: int, chosen: Sequence[str], start: Start, watcher: Watcher) -> list[Result]:
    """Run jobs 0 to ``total`` - 1, one at a time on each of ``chosen``.

    Returns:
        The results in the order of the jobs.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM, once every thread has ended and cleaned up its job.
        Exception: the first problem of any thread, likewise.
    """
    with interrupts.held():
        return _run(total, chosen, start, watcher)


def _run(total: int, chosen: Sequence[str], start: Start, watcher: Watcher) -> list[Result]:
    waiting = deque(range(total))
    results: dict[int, Result] = {}
    problems: list[BaseException] = []
    stop = threading.Event()
    shared = _Shared(watcher)

    def work(gpu: str) -> None:
        try:
            while not stop.is_set():
                try:
                    number = waiting.popleft()
                except IndexError:
                    return
                results[number] = start(number, gpu, shared, stop)
        except BaseException as problem:  # KeyboardInterrupt, too: that is how a job is stopped
            problems.append(problem)
            stop.set()

    threads: list[threading.Thread] = []
    for gpu in chosen:
        thread = threading.Thread(target=work, args=(gpu,), name=f"gpu-{gpu}")
        try:
            thread.start()
        except RuntimeError as none:  # no more threads are to be had here
            problems.append(none)
            stop.set()
            break
        threads.append(thread)
    for thread in threads:
        while thread.is_alive():
            thread.join(_POLL_S)
            if interrupts.pending():
                stop.set()
    real = [problem for problem in problems if not isinstance(problem, KeyboardInterrupt)]
    if interrupts.pending():
        for problem in real:
            watcher.say(f"while stopping: {problem}")
        interrupts.check()
    if problems:
        raise (real or problems)[0]
    return [results[number] for number in range(total)]


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
        gpu = ",".join(job.gpus or [])
        self.say(f"[{number}/{total}] {job.backend}{variant} on GPU {gpu}, {job.launcher}: started")

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
