"""How long a campaign's jobs will take, as far as earlier results of this machine tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

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


def of(plan: Plan, dataset: str, machine: str, results: Iterable[Result]) -> Estimate:
    """The estimate for a plan.

    Args:
        plan: what is to run.
        dataset: on which data.
        machine: this one, in the words of results.
        results: earlier ones; those of other machines, data or launchers tell nothing.
    """
    lasted: dict[Configuration, list[float]] = {}
    for result in results:
        seconds = _lasts_s(result, plan, dataset, machine)
        if seconds is not None:
            lasted.setdefault(_of_now(_ran(result)), []).append(seconds)
    expected = {wanted: lasted.get(_of_now(wanted)) for wanted in plan.configurations}
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


def _ran(result: Result) -> Configuration:
    job = result.job
    return Configuration(
        backend=job.backend,
        mode=job.settings.mode,
        precision=job.settings.precision,
        variant=job.variant,
        device=job.device,
        threads=job.threads,
        batch_size=job.batch_size,
        ranks=job.ranks,
    )


def _of_now(configuration: Configuration) -> Configuration:
    """An earlier build is expected to last as long as the one of now."""
    return configuration.model_copy(update={"image": None})


def _pause_s(plan: Plan, job: PlannedJob) -> float:
    """How long the machine cools down before a job that is not the first."""
    asked = plan.options.cool_down_s
    return DEFAULT_COOL_DOWN_S[job.configuration.device] if asked is None else asked
