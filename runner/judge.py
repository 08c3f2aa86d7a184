"""The order of one job as the judge sees it: start the trainer, hold the clock, check what it did.

The judge is not the process that runs the framework. It reads the data itself, stamps with its own
clock what the trainer tells, and computes the score from what was trained, as the workload says.
While the trainer trains, the judge waits.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import ContextManager, Optional

from runner import attest, blas_threads, peak, sampler
from runner.channel import Frame, tensors
from runner.contract.job import Job
from runner.contract.judging import DEVICES_FREE
from runner.contract.measurement import (
    Attestation,
    Measurement,
    Phases,
    SamplerFacts,
)
from runner.contract.rank import Rank
from runner.contract.samples import PROOF_FILE, SAMPLES_FILE, Samples, read_samples
from runner.contract.work_and_score import Work
from runner.events import Progress
from runner.meters import cpu_figures, gpu_figures
from runner.sampler import Sampler
from runner.training import Training
from runner.workloads import lookup
from runner.workloads.workload import Workload


def measure(job: Job, job_dir: Path, progress: Progress) -> Measurement:
    """Run ``job`` and return what was measured; ``job_dir`` has samples.csv, and proof.csv.

    The latter is what the judge itself used, once the trainer was gone: others may train meanwhile.

    Raises:
        TrainingError: the trainer came to no good end, or told what cannot be.
        Exception: the dataset cannot be used, or the weights do not fit; the caller records it.
    """
    begin = time.monotonic()
    workload = lookup.of(job)
    samples_file = job_dir / SAMPLES_FILE
    training = Training(job, workload, progress)
    with training, _sampler(job, training.pid, samples_file) as sampling:
        training.go()
        evidence = workload.evidence(job)  # the first that imports NumPy here
        blas_threads.limit()  # of the judge: the trainer is a process of its own since
        untrained = training.until("untrained")
        training.go()
        trained = training.until("trained")
        done = training.until("done")
    marks = training.marks
    claims = {str(name): float(value) for name, value in done.facts["claims"].items()}
    weights, ranks = tensors(trained), done.facts.get("ranks", [])
    start_s, end_s = marks["fit"], marks["fit_end"]
    recorded = read_samples(samples_file)
    seconds = {f"{name}_s": value for name, value in training.took.items()}
    gpu = gpu_figures.gpu_use(recorded, start_s, end_s)
    with sampler.of_this_process(job_dir / PROOF_FILE, job.sample_interval_s):
        peaks = peak.of_job(job, gpu)
        progress.event(DEVICES_FREE)
        opinion = workload.opinion(tensors(untrained), weights, evidence, claims)
    proof_s = time.monotonic() - marks["proof"]  # of several GPUs the peaks take a while
    return Measurement(
        phases=Phases(**seconds, total_s=marks["proof"] - begin, proof_s=proof_s),
        peaks=peaks,
        marks={"begin": begin, **marks, "end": time.monotonic()},
        laps=training.laps,
        work=_work(job, workload, done, opinion.parameters),
        score=opinion.score,
        proofs=opinion.proofs,
        cpu=cpu_figures.cpu_use(recorded, start_s, end_s),
        gpu=gpu,
        memory=cpu_figures.memory_use(recorded, start_s, end_s),
        sampler=_sampler_facts(sampling, recorded, start_s, end_s),
        attestation=Attestation.model_validate(done.facts["attestation"]),
        isolation=attest.isolation(),
        host=attest.host(),
        ranks=[Rank.model_validate(told) for told in ranks],
        weights_sha256=workload.digest(weights) if ranks else None,
    )


def _work(job: Job, workload: Workload, done: Frame, parameters: Optional[int]) -> Work:
    """What was done, by the trainer's word; the parameters are those that it handed over."""
    train_samples = int(done.facts["train_samples"])  # none of what is played
    return Work(
        unit=workload.unit,
        count=done.facts["count"],
        samples=workload.seen(train_samples, job.budget),
        train_samples=train_samples or None,
        batch_size=workload.batch_size,
        parameters=parameters,
    )


def _sampler(job: Job, trainer: int, out: Path) -> ContextManager[Optional[Sampler]]:
    if job.sample_interval_s is None:
        return nullcontext()
    # A container has only its own GPUs, numbered anew; a local process sees those of others, too.
    only = job.gpus if job.launcher != "docker" else None
    return Sampler(out, job.sample_interval_s, job.device == "gpu", only, trainer)


def _sampler_facts(
    sampling: Optional[Sampler], recorded: Samples, start: float, end: float
) -> SamplerFacts:
    facts = cpu_figures.sampler_facts(recorded, start, end)
    if sampling is None:
        return facts.model_copy(update={"problem": "switched off"})
    if sampling.end is None or sampling.end.ok:
        return facts
    return facts.model_copy(update={"problem": sampling.end.detail})
