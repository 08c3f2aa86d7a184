"""The order of a proof: train a few times, then compare with NumPy what came of it."""

from __future__ import annotations

import time
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from runner import blas_threads, sampler
from runner.contract.conformance import Check, Conformance
from runner.contract.job import Job
from runner.contract.precision import Precision
from runner.contract.samples import SAMPLES_FILE
from runner.events import Progress
from runner.proving import beginnings, brief, in_format, one_rank, questions, trials, whole
from runner.proving.questions import Attempt, Plan, Question
from runner.proving.trials import Told
from runner.workloads import lookup
from runner.workloads.workload import Workload

_SEEDS = ("same-seed", "other-seed")
_SHARES = 8
"""Of a batch, where a job does not say among how many GPUs: so that 2, 4 and 8 have equal ones."""


def conformance(job: Job, job_dir: Path, progress: Progress) -> Conformance:
    """Train the trials of ``job``'s workloads as they would be trained, and check each.

    What cannot be tried is a check that saw nothing; log.txt has the reason. The CPU time of all
    this is left in samples.csv: jobs of the same campaign may run meanwhile.

    The recipe is proven in float32, whose rounding hides nothing; of a job in mixed precision one
    trial more is in that.

    Raises:
        TypeError: no proof is known of a workload.
    """
    workloads = [_provable(name) for name in job.briefly or [job.workload]]
    begin, at = time.monotonic(), datetime.now(timezone.utc).isoformat(timespec="seconds")
    with sampler.of_this_process(job_dir / SAMPLES_FILE, job.sample_interval_s):
        if job.briefly:
            checks, attempts = _briefly(job, workloads, job_dir, progress)
        else:
            checks, attempts = _whole(job, workloads[0], job_dir, progress)
    ended = [attempt for attempt in attempts if isinstance(attempt, Told)]
    versions: Dict[str, str] = ended[0].done.facts["attestation"]["packages"] if ended else {}
    checks += questions.answers(("float32",), lambda: [beginnings.float32(ended)])
    return Conformance(
        image_id=job.provenance.image_id,
        locks_sha256=job.provenance.locks_sha256,
        backend=job.backend,
        mode=job.settings.mode,
        device=job.device,
        at=at,
        took_s=time.monotonic() - begin,
        versions={str(name): str(version) for name, version in versions.items()},
        checks=checks,
    )


def _provable(name: str) -> Workload:
    workload = lookup.load(name)
    if not workload.provable:
        raise TypeError(f"no proof is known of {workload.name}")
    return workload


def _briefly(
    job: Job, workloads: Sequence[Workload], job_dir: Path, progress: Progress
) -> Tuple[List[Check], List[Attempt]]:
    attempts = brief.trained(job, workloads, job_dir, progress)  # all before NumPy is imported
    _import_numpy()
    checks = [
        check
        for workload, attempt in zip(workloads, attempts)
        for check in brief.checks(job, workload, attempt, job_dir, progress)
    ]
    return checks, attempts


def _whole(
    job: Job, workload: Workload, job_dir: Path, progress: Progress
) -> Tuple[List[Check], List[Attempt]]:
    def train_as(asked: Job, plan: Plan, seed: int) -> Attempt:
        try:
            return trials.run(asked, plan(workload, seed), job_dir, progress)
        except Exception as error:
            traceback.print_exc()
            return error

    in_float32 = in_format.float32(job)

    def train(plan: Plan, seed: int) -> Attempt:
        return train_as(in_float32, plan, seed)

    def begun(plan: Plan, seed: int) -> Attempt:
        """One that ends, if the second does: where it began is a question that has no further."""
        attempt = train(plan, seed)
        return attempt if isinstance(attempt, Told) else train(plan, seed)

    several = job.settings.strategy != "default"
    shares = (job.ranks or _SHARES) if several else 1
    plans = whole.plans_of(workload, shares)
    possible = 2 if several else len(plans)
    # Two from one seed, the third from another. All before NumPy is imported.
    seeds = [job.seed + (number == 2) for number in range(possible)]
    start = train if several else begun  # of ranks no beginnings are compared
    first = [start(plan, seed) for plan, seed in zip(plans, seeds)]
    small = None if several else whole.small_beginning(workload)
    here = begun(small, job.seed) if small else first[0]
    mixed = in_format.plan_of(job, shares)
    coarser = train_as(job, mixed, job.seed) if mixed else None
    pairs: List[Tuple[Precision, Attempt, Attempt]] = []  # by ranks, and by one alone
    if several:
        alone = train_as(one_rank.job_of_one(in_float32), plans[1], job.seed)
        pairs.append(("float32", first[1], alone))
        if mixed and coarser is not None:
            alone = train_as(one_rank.job_of_one(job), mixed, job.seed)
            pairs.append((job.settings.precision, coarser, alone))
    _import_numpy()
    checks, asked = [], whole.questions_of(workload, shares)
    for question, attempt in zip(asked, first):
        checks += questions.settled(
            question, attempt, lambda plan, number: train(plan, job.seed + 1 + number)
        )
    if mixed and coarser is not None:
        checks += questions.settled(
            in_format.question(job, mixed),
            coarser,
            lambda plan, number: train_as(job, plan, job.seed + 1 + number),
        )
    checks += [check for pair in pairs for check in _of_ranks(*pair)]
    checks += _skipped(asked[possible:]) if several else _of_seeds(first, here)
    return checks, first


def _import_numpy() -> None:
    """With few threads, as in a judge: a trial that is made again is a fork of this process."""
    import numpy  # noqa: F401, PLC0415

    blas_threads.limit()


def _of_ranks(precision: Precision, shared: Attempt, single: Attempt) -> List[Check]:
    return questions.answers(
        one_rank.names(precision),
        lambda: one_rank.checks(precision, questions.there(shared), questions.there(single)),
    )


def _of_seeds(first: List[Attempt], here: Attempt) -> List[Check]:
    """``here`` began from the seed of the first two, by the network of the third."""
    begun = (first[0], first[1], here, first[2])
    return questions.answers(_SEEDS, lambda: beginnings.of_seeds(*map(questions.there, begun)))


def _skipped(left: Sequence[Question]) -> List[Check]:
    """What takes batches of one sample, and so one device."""
    names = [name for question in left for name in question.names]
    reason = "a batch of one sample is not to be split over several GPUs"
    return [
        Check(name=name, expected=0.0, detail=reason, skipped=True) for name in (*names, *_SEEDS)
    ]
