"""The order of one job as the judge sees it: start the trainer, hold the clock, check what it did.

The judge is not the process that runs the framework. It reads the data itself, stamps with its own
clock what the trainer tells, and computes loss and error rate from the weights in NumPy. While the
trainer trains, the judge waits.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ContextManager, Dict, Optional

from runner import attest, proof
from runner.channel import Frame, tensors
from runner.contract.job import Job
from runner.contract.measurement import (
    Attestation,
    Learning,
    Measurement,
    Phases,
    SamplerFacts,
)
from runner.contract.samples import Samples, read_samples
from runner.events import Progress
from runner.meters import cpu_figures, gpu_figures
from runner.sampler import Sampler
from runner.training import Training
from runner.workloads import lookup

_OF_THE_TRAINER = ("updates", "train_samples", "test_samples")


def measure(job: Job, job_dir: Path, progress: Progress) -> Measurement:
    """Run ``job`` and return what was measured; samples.csv is left in ``job_dir``.

    Raises:
        TrainingError: the trainer came to no good end, or told what cannot be.
        Exception: the dataset cannot be used, or the weights do not fit; the caller records it.
    """
    begin = time.monotonic()
    workload = lookup.of(job)
    samples_file = job_dir / "samples.csv"
    training = Training(job, workload.network.parameters(), progress)
    with training, _sampler(job, training.pid, samples_file) as sampler:
        training.go()
        data = proof.evidence(job)
        untrained = training.until("untrained")
        training.go()
        trained = training.until("trained")
        done = training.until("done")
    marks = training.marks
    learned = proof.opinion(workload, tensors(untrained), tensors(trained), data)
    start_s, end_s = marks["fit"], marks["fit_end"]
    recorded = read_samples(samples_file)
    seconds = {f"{name}_s": value for name, value in training.took.items()}
    return Measurement(
        phases=Phases(
            **seconds,
            total_s=marks["proof"] - begin,
            proof_s=time.monotonic() - marks["proof"],
        ),
        marks={"begin": begin, **marks, "end": time.monotonic()},
        epochs=training.epochs,
        learning=_learning(done, workload.recipe.batch_size, learned),
        cpu=cpu_figures.cpu_use(recorded, start_s, end_s),
        gpu=gpu_figures.gpu_use(recorded, start_s, end_s),
        memory=cpu_figures.memory_use(recorded, start_s, end_s),
        sampler=_sampler_facts(sampler, recorded, start_s, end_s),
        attestation=Attestation.model_validate(done.facts["attestation"]),
        isolation=attest.isolation(),
        host=attest.host(),
    )


def _learning(done: Frame, batch_size: int, learned: Dict[str, Any]) -> Learning:
    """What was learned by the judge's reckoning, and beside it what the backend claims."""
    told = done.facts
    return Learning(
        **{key: told[key] for key in _OF_THE_TRAINER},
        parameters=learned.pop("parameters"),
        batch_size=batch_size,
        test_loss=learned["reference_loss"],
        error_rate=learned["reference_error_rate"],
        claimed_loss=told["test_loss"],
        claimed_error_rate=told["error_rate"],
        **learned,
    )


def _sampler(job: Job, trainer: int, out: Path) -> ContextManager[Optional[Sampler]]:
    if job.sample_interval_s is None:
        return nullcontext()
    # A container has only its own GPUs, numbered anew; a local process sees those of others, too.
    only = job.gpus if job.launcher == "local" else None
    return Sampler(out, job.sample_interval_s, job.device == "gpu", only, trainer)


def _sampler_facts(
    sampler: Optional[Sampler], recorded: Samples, start: float, end: float
) -> SamplerFacts:
    facts = cpu_figures.sampler_facts(recorded, start, end)
    if sampler is None:
        return facts.model_copy(update={"problem": "switched off"})
    if sampler.end is None or sampler.end.ok:
        return facts
    return facts.model_copy(update={"problem": sampler.end.detail})
