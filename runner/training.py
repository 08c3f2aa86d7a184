"""The trainer as the judge holds it: a forked process, what it has told so far, and its end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import threading
import time
from typing import Dict, List, Optional, Sequence, Tuple, Union

import psutil

from runner import trainer
from runner.channel import ChannelError, Frame, Listener, Teller
from runner.contract import signals
from runner.contract.job import Job
from runner.contract.work_and_score import Lap
from runner.events import Progress
from runner.trainer import Task
from runner.workloads.workload import Workload

PHASES = ("import", "load", "build", "compile", "fit", "evaluate", "proof")
"""What a trainer goes through, in this order."""

PARTS = ("env", "act", "learn")
"""Of the fit of a game: playing and remembering, choosing actions, learning."""

_FLOAT32_BYTES = 4
_SPARE_BYTES = 2**20
_ENDED_S = 30.0
_LOOK_S = 0.5
_ROUNDS = 1000
_POLL_S = 0.01
# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


class TrainingError(RuntimeError):
    """The trainer came to no good end; ``reason`` is a failure's, the text its message."""

    def __init__(self, reason: str, message: str, exit_code: Optional[int] = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.exit_code = exit_code


class Training:
    """One trainer, from its fork to the end of every process that it started.

    Attributes:
        pid: of the trainer.
        marks: when the judge heard that a phase began, and ``fit_end``, in CLOCK_MONOTONIC seconds.
        took: seconds that the trainer says its phases took.
        laps: each as the trainer timed it and as the judge heard it.
    """

    def __init__(
        self,
        job: Job,
        workload: Workload,
        progress: Progress,
        further: Sequence[Task] = (),
    ) -> None:
        """Fork it; the workloads bound what is taken of what it hands over.

        ``further`` jobs follow in the same process, of which the framework is started once: each
        begins at a :meth:`go` after the ``done`` of the one before. ``marks`` and ``took`` are of
        the first.
        """
        self.marks: Dict[str, float] = {}
        self.took: Dict[str, float] = {}
        self.laps: List[Lap] = []
        tasks = [Task(job, workload), *further]
        self._most_laps = sum(task.workload.laps(task.job.budget) for task in tasks)
        self._progress = progress
        self._told: queue.Queue[Union[Frame, ChannelError, None]] = queue.Queue()
        self._status: Optional[int] = None
        most_numbers = max(task.workload.most_numbers() for task in tasks)
        most_bytes = _FLOAT32_BYTES * most_numbers + _SPARE_BYTES
        self._before = set(psutil.Process().children())
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what leaves the trainer's session comes to us
        self.pid, frames, orders = _fork(tasks, progress)
        if job.launcher == "docker":
            # The trainer has our user: without this it could write into our memory.
            _prctl(_PR_SET_DUMPABLE, 0)
        self._listener = Listener(frames, orders, most_bytes)
        threading.Thread(target=self._listen, daemon=True).start()

    def go(self) -> None:
        """Let the trainer go on from where it waits."""
        self._listener.go()

    def until(self, kind: str) -> Frame:
        """The next frame of this kind.

        Raises:
            TrainingError: the trainer failed, ended, or said something else first.
        """
        told = self._next()
        if told is None:
            raise self._ended()
        if isinstance(told, ChannelError):
            raise TrainingError("runner-error", str(told))
        if told.kind == "failed":
            reason, message = (str(told.facts.get(key, "")) for key in ("reason", "message"))
            raise TrainingError(reason or "runner-error", message)
        if told.kind != kind:
            raise TrainingError("runner-error", f"the trainer said '{told.kind}' out of turn")
        return told

    def __enter__(self) -> Training:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """End what still runs of the trainer: nothing of it may outlive its judgement."""
        if error is None:
            self.go()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._reap(_ENDED_S)
        for _ in range(_ROUNDS):  # children of what was ended come to us, to be ended in turn
            children = psutil.Process().children()
            left = [child for child in children if child not in self._before]
            if not left:
                break
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    process.wait(_ENDED_S)
        _prctl(_PR_SET_CHILD_SUBREAPER, 0)

    def _next(self) -> Union[Frame, ChannelError, None]:
        while True:
            gone = self._gone()
            try:
                return self._told.get(timeout=_LOOK_S)
            except queue.Empty:
                # A process that the trainer forked may hold its end of the pipe open.
                if gone:
                    return None

    def _gone(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = _exit_code(status) if pid else None
        return self._status is not None

    def _listen(self) -> None:
        try:
            for frame in self._listener.frames():
                if not self._noted(frame):
                    self._told.put(frame)
        except ChannelError as error:
            self._told.put(error)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            self._told.put(ChannelError(f"the trainer said something that cannot be: {error}"))
        self._told.put(None)

    def _noted(self, frame: Frame) -> bool:
        """Note what only says how far the trainer is, and pass it on; False for the rest."""
        facts = frame.facts
        known = {"phase": PHASES, "took": PHASES + PARTS}.get(frame.kind)
        if known is not None and facts["phase"] not in known:
            raise ValueError(f"a phase {str(facts['phase'])[:40]!r}")
        if frame.kind == "phase":
            self.marks.setdefault(str(facts["phase"]), frame.heard_s)
            self._progress.event("phase", phase=facts["phase"])
        elif frame.kind == "took":
            self.took.setdefault(str(facts["phase"]), float(facts["seconds"]))
            if facts["phase"] == "fit":
                self.marks.setdefault("fit_end", frame.heard_s)
        elif frame.kind == "lap":
            if len(self.laps) == self._most_laps:
                raise ValueError("more laps than were asked for")
            number, loss, elapsed_s = facts["number"], facts["loss"], facts["elapsed_s"]
            since = self.marks["fit"] + sum(lap.heard_s or 0.0 for lap in self.laps)
            self.laps.append(
                Lap(
                    number=number,
                    duration_s=facts["duration_s"],
                    heard_s=max(0.0, frame.heard_s - since),
                    loss=loss,
                )
            )
            self._progress.event(
                "lap", lap=number, laps=self._most_laps, loss=loss, elapsed_s=elapsed_s
            )
        else:
            return False
        return True

    def _ended(self) -> TrainingError:
        code = self._reap(_ENDED_S)
        if code == 0:
            return TrainingError("no-result", "the training process ended without a result", 0)
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = signals.ended_by(-code)
        return TrainingError("crashed", f"the training process ended {how}", code)

    def _reap(self, timeout_s: float) -> Optional[int]:
        """The trainer's exit status, negative for a signal; it is killed if it stays."""
        deadline = time.monotonic() + timeout_s
        while not self._gone():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(_POLL_S)
        return self._status


def _exit_code(status: int) -> int:
    """As :func:`os.waitstatus_to_exitcode`."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _fork(tasks: Sequence[Task], progress: Progress) -> Tuple[int, int, int]:
    """The trainer's pid, where its frames are read, and where orders to it are written.

    A fork and no new program: what the judge has imported is there already, and costs no time.
    """
    frames_read, frames_write = os.pipe()
    orders_read, orders_write = os.pipe()
    judge = os.getpid()
    pid = os.fork()
    if pid:
        os.close(frames_write)
        os.close(orders_read)
        return pid, frames_read, orders_write
    code = 1
    try:
        os.close(frames_read)
        os.close(orders_write)
        progress.forget()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == judge:
            first, *further = tasks
            teller = Teller(frames_write, orders_read)
            code = trainer.run(first.job, first.workload, teller, further)
    finally:
        # What frameworks do when an interpreter ends takes up to a second, and now and then
        # crashes; all that was to be said is said.
        os._exit(code)


def _prctl(option: int, value: int) -> None:
    """prctl(2); where there is none, its protection is missing and nothing else."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
