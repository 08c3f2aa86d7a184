"""The order of one job: configure, load, build, train beside the sampler, evaluate, attest."""

from __future__ import annotations

import math
import os
import platform
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ContextManager, Dict, Iterator, List, Optional

from runner import attest, backends, libraries, workloads
from runner.backends.base import Backend
from runner.contract import Job
from runner.measurement import (
    Attestation,
    Epoch,
    Learning,
    Measurement,
    Phases,
    SamplerFacts,
)
from runner.meters import figures, gpu_figures, window
from runner.progress import Progress
from runner.sampler import Sampler
from runner.workloads.network import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays

_UNTRAINED_IMAGES = 1000  # enough: over 300 seeds the loss was within 2.28 and 2.34


class DivergenceError(ArithmeticError):
    """The loss is no longer a number: nothing that follows would mean anything."""


class Clock:
    """Wall-clock seconds by phase, on the clock that the sampler shares."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: Dict[str, float] = {}
        self.begin = time.monotonic()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the body as phase ``name`` and announce it."""
        self.progress.event("phase", phase=name)
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def _in_force(job: Job) -> None:
    """Variables that the user set are as he set them; a backend may append to one.

    Raises:
        RuntimeError: one has another value: the result would show what was not in force.
    """
    for key, value in job.overrides.items():
        section, _, name = key.partition(".")
        here = os.environ.get(name, "")
        appended = value == "" or here.startswith(f"{value},")
        if section == "environment" and here != value and not appended:
            raise RuntimeError(f"{key} is overruled: {name} is {here!r} in the job")


def measure(job: Job, job_dir: Path, progress: Progress) -> Measurement:
    """Run ``job`` and return what was measured; samples.csv is left in ``job_dir``.

    Raises:
        Exception: whatever the framework or the dataset raised; the caller records it.
    """
    clock = Clock(progress)
    workload = workloads.of(job)
    backend = backends.load(job.backend)
    samples_file = job_dir / "samples.csv"
    # A container has only its own GPUs, numbered anew; a local process sees those of others, too.
    only = job.gpus if job.launcher == "local" else None
    with _sampler(job, samples_file, only) as sampler:
        backend.configure(job)
        _in_force(job)
        with clock.phase("import"):
            backend.start(job)
        with clock.phase("load"):
            from runner import datasets  # imports NumPy, whose threads configure() has fixed

            data = datasets.load(Path(job.data_dir), job.dataset_sha256, job.train_samples)
        with clock.phase("build"):
            parameters = backend.build(job, workload)
            backend.prepare(data)
        with clock.phase("compile"):
            compiled = backend.compile()
        if not compiled:
            clock.seconds.pop("compile")
        untrained = backend.weights()
        epochs, updates, fit_start = _fit(backend, job, clock)
        with clock.phase("evaluate"):
            test_loss, error_rate = backend.evaluate()
        total_s = time.monotonic() - clock.begin
    with clock.phase("proof"):
        opinion = _second_opinion(workload, untrained, backend.weights(), data)
    samples = window.read_samples(samples_file)
    fit_end = fit_start + clock.seconds["fit"]
    return Measurement(
        phases=Phases(**{f"{name}_s": s for name, s in clock.seconds.items()}, total_s=total_s),
        epochs=epochs,
        learning=Learning(
            parameters=parameters,
            train_samples=len(data.train_labels),
            test_samples=len(data.test_labels),
            batch_size=workload.recipe.batch_size,
            updates=updates,
            test_loss=test_loss,
            error_rate=error_rate,
            **opinion,
        ),
        cpu=figures.cpu_use(samples, fit_start, fit_end),
        gpu=gpu_figures.gpu_use(samples, fit_start, fit_end),
        memory=figures.memory_use(samples, fit_start, fit_end),
        sampler=_sampler_facts(sampler, samples, fit_start, fit_end),
        attestation=_attest(backend, job),
        isolation=attest.isolation(),
        host=attest.host(),
    )


def _fit(backend: Backend, job: Job, clock: Clock) -> tuple[List[Epoch], int, float]:
    """Train; an epoch ends when its loss was read on the host."""
    epochs: List[Epoch] = []
    last: Optional[float] = None
    start = time.monotonic()

    def epoch_seen(number: int, loss: float) -> None:
        nonlocal last
        now = time.monotonic()
        if not math.isfinite(loss):
            raise DivergenceError(f"the loss of epoch {number} is {loss}")
        duration = now - (start if last is None else last)
        last = now
        epochs.append(Epoch(number=number, duration_s=duration, loss=loss))
        clock.progress.event(
            "epoch", epoch=number, epochs=job.epochs, loss=loss, elapsed_s=now - start
        )

    with clock.phase("fit"):
        start = time.monotonic()
        updates = backend.fit(job.epochs, epoch_seen)
    return epochs, updates, start


def _second_opinion(
    workload: Workload, untrained: List[Any], trained: List[Any], data: Arrays
) -> Dict[str, float]:
    """What the weights before and after training give without the framework."""
    from runner import reference  # imports NumPy

    few = slice(_UNTRAINED_IMAGES)
    start, _ = reference.loss_and_error(
        workload.network, untrained, data.test_images[few], data.test_labels[few]
    )
    loss, error_rate = reference.loss_and_error(
        workload.network, trained, data.test_images, data.test_labels
    )
    return {"initial_loss": start, "reference_loss": loss, "reference_error_rate": error_rate}


def _sampler(job: Job, out: Path, only: Optional[List[str]]) -> ContextManager[Optional[Sampler]]:
    if job.sample_interval_s is None:
        return nullcontext()
    return Sampler(out, job.sample_interval_s, job.device == "gpu", only)


def _sampler_facts(
    sampler: Optional[Sampler], samples: window.Samples, start: float, end: float
) -> SamplerFacts:
    facts = figures.sampler_facts(samples, start, end)
    if sampler is None:
        return facts.model_copy(update={"problem": "switched off"})
    if sampler.end is None or sampler.end.ok:
        return facts
    return facts.model_copy(update={"problem": sampler.end.detail})


def _attest(backend: Backend, job: Job) -> Attestation:
    device, live, framework = backend.attest()
    mapped = libraries.mapped()
    return Attestation(
        python=platform.python_version(),
        packages=attest.versions(job.pins.packages, live),
        libraries=mapped,
        library_versions=libraries.versions(mapped),
        device=device,
        framework=framework,
    )
