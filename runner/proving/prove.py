"""The order of a proof: train a few times, then compare with NumPy what came of it."""

from __future__ import annotations

import time
import traceback
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import ContextManager, Dict, List, Optional, Sequence, Tuple

from runner.contract.conformance import Check, Conformance
from runner.contract.job import Job
from runner.events import Progress
from runner.proving import beginnings, brief, plans, questions, trials
from runner.proving.questions import Attempt, Plan, Question
from runner.proving.trials import Told
from runner.sampler import Sampler
from runner.workloads import lookup
from runner.workloads.network_workload import NetworkWorkload

_SEEDS = ("same-seed", "other-seed")
_PLANS: Tuple[Plan, ...] = (plans.alike, plans.one_batch, plans.in_turn, plans.one_sample)


def conformance(job: Job, job_dir: Path, progress: Progress) -> Conformance:
    """Train the trials of ``job``'s workloads as they would be trained, and check each.

    What cannot be tried is a check that saw nothing; log.txt has the reason. The CPU time of all
    this is left in samples.csv: jobs of the same campaign may run meanwhile.

    Raises:
        TypeError: a workload trains no network.
    """
    workloads = [_network(name) for name in job.briefly or [job.workload]]
    begin, at = time.monotonic(), datetime.now(timezone.utc).isoformat(timespec="seconds")
    with _sampler(job, job_dir / "samples.csv"):
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


def _network(name: str) -> NetworkWorkload:
    workload = lookup.load(name)
    if not isinstance(workload, NetworkWorkload):
        raise TypeError(f"no proof is known of {workload.name}")
    return workload


def _sampler(job: Job, out: Path) -> ContextManager[Optional[Sampler]]:
    """Of this process and all trainers that it starts."""
    if job.sample_interval_s is None:
        return nullcontext()
    return Sampler(out, job.sample_interval_s, gpu=False)


def _briefly(
    job: Job, workloads: Sequence[NetworkWorkload], job_dir: Path, progress: Progress
) -> Tuple[List[Check], List[Attempt]]:
    attempts = brief.trained(job, workloads, job_dir, progress)  # all before NumPy is imported
    checks = [
        check
        for workload, attempt in zip(workloads, attempts)
        for check in brief.checks(job, workload, attempt, job_dir, progress)
    ]
    return checks, attempts


def _whole(
    job: Job, workload: NetworkWorkload, job_dir: Path, progress: Progress
) -> Tuple[List[Check], List[Attempt]]:
    def train(plan: Plan, seed: int) -> Attempt:
        try:
            return trials.run(job, plan(workload, seed), job_dir, progress)
        except Exception as error:
            traceback.print_exc()
            return error

    # Two from one seed, the third from another. All before NumPy is imported.
    seeds = (job.seed, job.seed, job.seed + 1, job.seed)
    several = job.settings.strategy != "default"
    # What drops nothing has nothing to prove of it.
    due = len(_PLANS) if workload.network.drops() else len(_PLANS) - 1
    possible = min(due, 2) if several else due
    first = [train(plan, seed) for plan, seed in zip(_PLANS[:possible], seeds)]
    checks = []
    for question, attempt in zip(_questions(), first):
        checks += questions.settled(
            question, attempt, lambda plan, number: train(plan, job.seed + 1 + number)
        )
    checks += _skipped(possible, due) if several else _of_seeds(first)
    return checks, first


def _questions() -> Tuple[Question, ...]:
    """One for each plan, in their order."""
    from runner.proving import dropout, order, updates  # noqa: PLC0415 - NumPy

    dropped = ("dropout", "dropout-rate", "dropout-scale")
    # One order in 36 has three epochs alike: four in a row have them once in 1.7 million.
    ordered = ("every-picture-once", "shuffle", "reshuffle")
    return (
        Question(("updates",), plans.alike, updates.of_alike, tries=2),
        Question(("update",), plans.one_batch, updates.of_one_batch, tries=2),
        Question(ordered, plans.in_turn, order.checks, tries=4),
        Question(dropped, plans.one_sample, dropout.checks, tries=3),
    )


def _of_seeds(first: List[Attempt]) -> List[Check]:
    return questions.answers(_SEEDS, lambda: beginnings.of_seeds(*map(questions.there, first[:3])))


def _skipped(possible: int, due: int) -> List[Check]:
    """What takes batches of one sample, and so one device."""
    names = [name for question in _questions()[possible:due] for name in question.names]
    reason = "a batch of one sample is not to be split over several GPUs"
    return [
        Check(name=name, expected=0.0, detail=reason, skipped=True) for name in (*names, *_SEEDS)
    ]
