"""A campaign before it begins: all that is known by then, found once and carried on.

To resolve changes nothing: no image is built or named, nothing is downloaded, started or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from harness.campaign import against, allotted, checked, foresight, plan, sharing, side_by_side
from harness.campaign.checked import Checked
from harness.campaign.plan import Configuration, Options, PlannedJob
from harness.campaign.records import Campaign, Environment
from harness.catalog import Backend
from harness.launchers.launcher import Launcher
from harness.store import Store
from runner.contract.result import Allotment


@dataclass(frozen=True)
class Plan:
    """Jobs in their order, and everything that they share.

    Attributes:
        question: what was asked, with the backends that it is about.
        launcher: how the jobs start.
        jobs: those to be run, in their order.
        order_seed: what their order was drawn with.
        options: the question's, within what was allotted to this process.
        allotment: what was.
        gpus: those that jobs run on side by side; None: one job after another.
        lots: of cores, for jobs side by side; none: they share all.
        then: environments of earlier builds that jobs run in.
        notes: lines for the user, before the first job.
        repeats: the campaign of a bundle whose jobs these are.
        bundle_sha256: of that bundle's manifest.
    """

    question: Checked
    launcher: Launcher
    jobs: tuple[PlannedJob, ...]
    order_seed: int
    options: Options
    allotment: Allotment
    gpus: tuple[str, ...] | None = None
    lots: tuple[tuple[int, ...], ...] = ()
    then: tuple[Environment, ...] = ()
    notes: tuple[str, ...] = ()
    repeats: Campaign | None = None
    bundle_sha256: str | None = None

    @property
    def backends(self) -> Mapping[str, Backend]:
        """By name, as image.toml was when it was read."""
        return self.question.backends

    @property
    def configurations(self) -> list[Configuration]:
        """Those of the jobs, each once: as they were asked for, then those of earlier builds."""
        of_jobs = (job.configuration for job in self.jobs)
        return list(dict.fromkeys([*self.question.configurations, *of_jobs]))


def asked(question: Checked, launcher: Launcher, store: Store) -> Plan:
    """The plan of a new campaign.

    Args:
        question: what is to run.
        launcher: how it starts.
        store: where campaigns are that the question may name.

    Raises:
        UsageError: it asks for more than was allotted, for what the launcher cannot start here, or
            ``against`` what cannot be run again.
        BenchdlError: the engine no longer has an image.
    """
    question = checked.here(question, launcher.refuse)
    options, notes = question.options, list(_of_question(question))
    configurations, comparisons = list(question.configurations), len(question.configurations) - 1
    earlier = None
    if options.against is not None:
        earlier = against.find(question, launcher, store, notes.append)
        comparisons = len(configurations)
        configurations += earlier.configurations
    notes += foresight.notes(comparisons, options.repeat)
    order_seed = plan.new_seed() if options.order_seed is None else options.order_seed
    jobs = plan.order(configurations, options, order_seed)
    return _within(
        question,
        launcher,
        jobs=earlier.settled(jobs) if earlier else jobs,
        order_seed=order_seed,
        then=earlier.environments if earlier else [],
        notes=notes,
    )


def repeated(question: Checked, campaign: Campaign, bundle_sha256: str, launcher: Launcher) -> Plan:
    """The plan of a bundle's campaign, as one of its own here: same jobs, order and seeds.

    Args:
        question: its own, with what belongs to this machine replaced.
        campaign: the one to repeat.
        bundle_sha256: of the manifest of the bundle that it came in.
        launcher: how its jobs start.

    Raises:
        UsageError: it asks for more than was allotted.
    """
    skipped = tuple(campaign.skipped)
    found = _within(
        replace(question, skipped=skipped), launcher, campaign.jobs, campaign.order_seed, [], []
    )
    return replace(found, repeats=campaign, bundle_sha256=bundle_sha256)


def rest(
    campaign: Campaign,
    left: list[PlannedJob],
    launcher: Launcher,
    load: Callable[[str], Backend],
) -> Plan:
    """The plan of what is left of a campaign that was stopped.

    Args:
        campaign: its record.
        left: the jobs that have no end yet.
        launcher: of the same kind as at the start.
        load: as :func:`harness.catalog.load`.

    Raises:
        UsageError: it asks for more than was allotted, or a backend is no longer known.
    """
    configurations = [job.configuration for job in left]
    question = checked.begun(configurations, campaign.options, campaign.dataset, load)
    then = [environment for environment in campaign.environments if environment.earlier]
    return _within(question, launcher, left, campaign.order_seed, then, [])


def _of_question(question: Checked) -> Iterator[str]:
    yield from question.without_effect()
    for left_out in question.skipped:
        yield f"skipped {left_out.configuration}: {left_out.reason}"


def _within(
    question: Checked,
    launcher: Launcher,
    jobs: list[PlannedJob],
    order_seed: int,
    then: list[Environment],
    notes: list[str],
) -> Plan:
    """The plan, if what was allotted to this process is enough for it."""
    needed = [job.configuration for job in jobs]
    options, allotment = allotted.within(question.options, needed, notes.append)
    sharing.check_there(needed, options)
    gpus = tuple(side_by_side.gpus(options.gpus)) if options.parallel_gpus else None
    lots: list[list[int]] = []
    if gpus:
        needs = [_needs(question, job, options) for job in jobs]
        lots = side_by_side.lots(options, needs, gpus, allotment, launcher.keeps_to)
    if lots:
        notes.append(side_by_side.words(lots))
    return Plan(
        question,
        launcher,
        jobs=tuple(jobs),
        order_seed=order_seed,
        options=options,
        allotment=allotment,
        gpus=gpus,
        lots=tuple(map(tuple, lots)),
        then=tuple(then),
        notes=tuple(notes),
    )


def _needs(question: Checked, job: PlannedJob, options: Options) -> tuple[int | None, int]:
    """Threads and GPUs of a job beside others."""
    settings = job.settings or question.settings(job.configuration)
    return job.configuration.threads, sharing.needed(job.configuration, settings, options)
