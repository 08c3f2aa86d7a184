"""How long a campaign's jobs will take, as far as earlier results of this machine tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from harness.campaign import sharing
from harness.campaign.plan import DEFAULT_COOL_DOWN_S, Configuration, PlannedJob
from harness.campaign.resolved import Plan
from runner.contract.result import Result
from runner.contract.work_and_score import Budget


@dataclass(frozen=True)
class Estimate:
    """The jobs whose time is known, and how long they take.

    Attributes:
        known_s: from the first job to the end of the last, of those that are known; without what
            is built, downloaded, proven or waited for.
        known: how many jobs that is.
        unknown: configurations that no earlier result tells of.
    """

    known_s: float
    known: int
    unknown: tuple[Configuration, ...]


class _Kind(NamedTuple):
    """What jobs that last as long have in common.

    ``configuration`` is without a build and a number of ranks. How many share the job and how many
    GPUs it gets stand as jobs are told: one GPU of an axis shares nothing, and all may be several.
    """

    configuration: Configuration
    ranks: int | None
    gpus: int | None


def of(plan: Plan, dataset: str, machine: str, results: Iterable[Result]) -> Estimate:
    """The estimate for a plan.

    Args:
        plan: what is to run.
        dataset: on which data.
        machine: this one, in the words of results.
        results: earlier ones; those of other machines, data or launchers tell nothing.
    """
    lasted: dict[_Kind, list[float]] = {}
    for result in results:
        seconds = _lasts_s(result, plan, dataset, machine)
        if seconds is not None:
            lasted.setdefault(_ran(result), []).append(seconds)
    expected = {wanted: lasted.get(_asked(plan, wanted)) for wanted in plan.configurations}
    unknown = tuple(wanted for wanted, seen in expected.items() if not seen)
    total, known = 0.0, 0
    for job in plan.jobs:
        seen = expected[job.configuration]
        if seen:
            known += 1
            lasts_s = median(seen) + (_pause_s(plan, job) if job is not plan.jobs[0] else 0.0)
            total += lasts_s * job.configuration.share(len(plan.gpus) if plan.gpus else 1)
    return Estimate(total, known, unknown)


def _lasts_s(result: Result, plan: Plan, dataset: str, machine: str) -> float | None:
    """Seconds of a job like the result's with the plan's budget; None if they cannot be compared.

    Start, end and what is compiled last as long whatever the budget, the training in proportion.
    """
    job, options, measured = result.job, plan.options, result.measurement
    if result.status != "ok" or result.launch is None or measured is None:
        return None
    before = (job.workload, job.dataset, job.train_samples, job.launcher, job.overrides)
    now = (options.workload, dataset, options.train_samples, plan.launcher.name, options.overrides)
    if before != now or result.launch.machine != machine:
        return None
    share = _share(job.budget, plan.question.budget)
    if share is None:
        return None
    fit_s = measured.phases.fit_s
    return max(0.0, result.launch.wall_s - fit_s) + fit_s * share


def _share(before: Budget, now: Budget) -> float | None:
    """How many times as much is to be done."""
    return now.count / before.count if before.unit == now.unit else None


def _ran(result: Result) -> _Kind:
    job = result.job
    configuration = Configuration(
        backend=job.backend,
        mode=job.settings.mode,
        precision=job.settings.precision,
        variant=job.variant,
        device=job.device,
        threads=job.threads,
        batch_size=job.batch_size,
    )
    return _Kind(configuration, job.ranks, None if job.gpus is None else len(job.gpus))


def _asked(plan: Plan, wanted: Configuration) -> _Kind:
    """As a job of it will be told; an earlier build is expected to last as long as that of now."""
    settings, options = plan.question.settings(wanted), plan.options
    named = sharing.gpus(wanted, options)
    gpus = None if named is None else len(named)
    if plan.gpus:
        gpus = sharing.needed(wanted, settings, options)
    plain = wanted.model_copy(update={"image": None, "ranks": None})
    return _Kind(plain, sharing.ranks(wanted, settings, options), gpus)


def _pause_s(plan: Plan, job: PlannedJob) -> float:
    """How long the machine cools down before a job that is not the first."""
    asked = plan.options.cool_down_s
    return DEFAULT_COOL_DOWN_S[job.configuration.device] if asked is None else asked
