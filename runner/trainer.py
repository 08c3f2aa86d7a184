"""The framework's side of one job: configure, start, build, train, evaluate, attest.

It runs in a process of its own, tells the judge what it does, and hands over what the judge proves
with, before and after training. It holds neither the job's real standard output nor its result.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import sys
import time
import traceback
from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple, Sequence

from runner import attest, libraries
from runner.backends import loading
from runner.backends.base import (
    Backend,
    Facts,
    LostRankError,
    OfProcesses,
    TimedInParts,
    TrainedInRanks,
    Trainer,
)
from runner.channel import Teller
from runner.contract.job import Job
from runner.contract.measurement import Attestation
from runner.workloads.workload import Workload


class DivergenceError(ArithmeticError):
    """The loss is no longer a number: nothing that follows would mean anything."""


class Task(NamedTuple):
    """A job and what it trains."""

    job: Job
    workload: Workload


class UnsupportedError(RuntimeError):
    """The backend has no words for something of the workload."""


def run(job: Job, workload: Workload, teller: Teller, further: Sequence[Task] = ()) -> int:
    """Do the job and tell the judge; returns the exit status. Never raises.

    Args:
        job: what is asked for.
        workload: what is trained.
        teller: the way to the judge.
        further: of the same backend and settings, done after it in this process.
    """
    try:
        _run(job, workload, teller, further)
    except Exception as error:
        traceback.print_exc()
        _tell_failure(teller, error)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _run(job: Job, workload: Workload, teller: Teller, further: Sequence[Task]) -> None:
    backend = loading.load(job.backend)
    teller.wait()  # until the sampler runs
    _supported(backend, workload)
    backend.configure(job)
    _in_force(job)
    if isinstance(backend, OfProcesses):
        backend.if_lost(lambda error: _give_up(teller, error))
    with _phase(teller, "import"):
        backend.start()
    _train(backend, job, workload, teller)
    for task in further:
        _supported(backend, task.workload)
        _train(backend, task.job, task.workload, teller)


def _tell_failure(teller: Teller, error: Exception) -> None:
    line = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    teller.tell("failed", reason=_reason(error), message=line)


def _give_up(teller: Teller, error: Exception) -> None:
    """End where the framework waits for a rank that is gone, and never comes back."""
    _tell_failure(teller, error)
    sys.stderr.flush()
    os._exit(1)


def _supported(backend: Backend, workload: Workload) -> None:
    problem = backend.supports(workload)
    if problem:
        raise UnsupportedError(problem)


def _train(backend: Backend, job: Job, workload: Workload, teller: Teller) -> None:
    with _phase(teller, "load"):
        data = workload.load(job)  # imports NumPy, whose threads configure() has fixed
        _protect(data)
    with _phase(teller, "build"):
        training = backend.trainer(workload, job.seed)
        training.prepare(data)
    started = time.monotonic()
    teller.tell("phase", phase="compile")
    if training.compile():
        teller.tell("took", phase="compile", seconds=time.monotonic() - started)
    teller.hand_over("untrained", training.handover())
    teller.wait()  # until the judge is at rest: it takes nothing from the training
    count = _fit(training, job, teller)
    if isinstance(training, TimedInParts):
        for part, seconds in training.parts().items():
            teller.tell("took", phase=part, seconds=seconds)
    with _phase(teller, "evaluate"):
        claims = dict(zip(workload.told, training.evaluate()))
    for name, value in claims.items():
        if not math.isfinite(value):  # the last updates of a lap whose own losses were still sound
            raise DivergenceError(f"{name} of the trained model is {value}")
    teller.tell("phase", phase="proof")
    teller.hand_over("trained", training.handover())
    # Only now: ranks count products in a step, which moves the statistics of batches.
    ranks: Facts = {"ranks": training.ranks()} if isinstance(training, TrainedInRanks) else {}
    teller.tell(
        "done",
        count=count,
        claims=claims,
        train_samples=len(data),
        attestation=_attest(backend, training, job).model_dump(mode="json"),
        **ranks,
    )
    with contextlib.suppress(EOFError):
        teller.wait()  # until the sampler has seen all of this process


@contextmanager
def _phase(teller: Teller, name: str) -> Iterator[None]:
    teller.tell("phase", phase=name)
    started = time.monotonic()
    yield
    teller.tell("took", phase=name, seconds=time.monotonic() - started)


def _fit(training: Trainer, job: Job, teller: Teller) -> int:
    """Train; a lap ends when its loss was read on the host. Returns the work done."""
    ends: List[float] = []
    teller.tell("phase", phase="fit")
    start = time.monotonic()

    def lap_seen(number: int, loss: float) -> None:
        now = time.monotonic()
        if not math.isfinite(loss):
            raise DivergenceError(f"the loss of lap {number} is {loss}")
        duration = now - (ends[-1] if ends else start)
        ends.append(now)
        teller.tell("lap", number=number, loss=loss, duration_s=duration, elapsed_s=now - start)

    count = training.fit(job.budget.count, lap_seen)
    # Both of one reading: what follows, the telling too, is not part of Time.
    end = time.monotonic()
    teller.tell("took", phase="fit", seconds=end - start, start_s=start)
    return count


def _in_force(job: Job) -> None:
    """Variables that the user set are as he set them; a backend may append to one.

    Raises:
        RuntimeError: one has another value: the result would show what was not in force.
    """
    for key, value in job.overrides.items():
        section, _, name = key.partition(".")
        here = os.environ.get(name, "")
        appended = value == "" or here.startswith((f"{value},", f"{value} "))
        if section == "environment" and here != value and not appended:
            raise RuntimeError(f"{key} is overruled: {name} is {here!r} in the job")


def _protect(data: Any) -> None:
    """A backend that writes into the arrays is told so by NumPy."""
    for part in vars(data).values():
        if hasattr(part, "setflags"):
            part.setflags(write=False)


def _attest(backend: Backend, training: Trainer, job: Job) -> Attestation:
    device, facts = training.attest()
    live, framework = backend.attest()
    mapped = libraries.mapped()
    return Attestation(
        python=platform.python_version(),
        packages=attest.versions(job.pins.packages, live),
        libraries=mapped,
        library_versions=libraries.versions(mapped),
        device=device,
        framework={**facts, **framework},
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "import-error"
    if isinstance(error, MemoryError):
        return "out-of-memory"
    if isinstance(error, DivergenceError):
        return "diverged"
    if isinstance(error, UnsupportedError):
        return "unsupported"
    if isinstance(error, LostRankError):
        return "rank-lost"
    return "dataset-error" if type(error).__name__ == "DatasetError" else "runner-error"
