"""Running a campaign and going on with one that was stopped: ``benchdl run`` and ``resume``.

plan ──► record on disk ──► jobs that have no end yet ──► one result each
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib import metadata

from harness import catalog, interrupts
from harness.campaign import (
    against,
    allotted,
    changes,
    conforming,
    foresight,
    leftovers,
    litter,
    one_job,
    plan,
    prepared_builds,
    records,
    side_by_side,
)
from harness.campaign.against import Earlier
from harness.campaign.one_job import Site
from harness.campaign.outlook import Outlook
from harness.campaign.plan import Options, PlannedJob, Skipped
from harness.campaign.records import Campaign
from harness.campaign.unfailing import Unfailing
from harness.campaign.watcher import Watcher
from harness.errors import BenchdlError
from harness.hosts import compiled, this_machine
from harness.hosts.host import Host
from harness.launchers.launcher import Launcher
from harness.provision import obtain
from harness.store import Store, new_run_id
from runner.contract.result import Finding, Result

__all__ = ["Options", "again", "resume", "run"]

_LOSSES = 2
"""How often in a row a job is begun again whose engine went away."""


def run(options: Options, launcher: Launcher, store: Store, watcher: Watcher) -> list[Result]:
    """Run every job that ``options`` ask for and store each result.

    One job after another, in shuffled blocks of every configuration; with ``parallel_gpus`` one at
    a time on each GPU. A job that fails is stored as failed and the next one goes on.

    Args:
        options: what to run.
        launcher: how to start it.
        store: where the campaign's record is put first, and each result as soon as it is there.
        watcher: is told of the progress.

    Returns:
        The results in the order of running.

    Raises:
        BenchdlError: the request makes no sense, an environment or dataset cannot be had, or
            results cannot be written.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the running job was stored as interrupted.
    """
    watcher = Unfailing(watcher)
    configurations, skipped = plan.check(options)
    for line in plan.without_effect(options, configurations):
        watcher.say(line)
    for left_out in skipped:
        watcher.say(f"skipped {left_out.configuration}: {left_out.reason}")
    earlier = None
    comparisons = len(configurations) - 1
    if options.against is not None:
        comparisons = len(configurations)
        earlier = against.find(configurations, options, launcher, store, watcher.say)
        configurations = configurations + earlier.configurations
    for line in foresight.notes(comparisons, options.repeat):
        watcher.say(line)
    order_seed = plan.new_seed() if options.order_seed is None else options.order_seed
    jobs = plan.order(configurations, options, order_seed)
    jobs = earlier.settled(jobs) if earlier else jobs
    planned = Planned(jobs, order_seed, skipped, builds=earlier)
    return _begin(options, planned, launcher, store, watcher)


def again(
    earlier: Campaign,
    options: Options,
    bundle_sha256: str,
    launcher: Launcher,
    store: Store,
    watcher: Watcher,
) -> list[Result]:
    """Run the jobs of another campaign as one of its own here: same order, same seeds, same data.

    Args:
        earlier: the campaign to repeat.
        options: its options, with what belongs to this machine replaced.
        bundle_sha256: of the manifest of the bundle that it came in.
        launcher, store, watcher: as with :func:`run`.

    Raises:
        BenchdlError: the data here is not that of the earlier campaign; or as with :func:`run`.
        KeyboardInterrupt: as with :func:`run`.
    """
    watcher = Unfailing(watcher)
    planned = Planned(earlier.jobs, earlier.order_seed, earlier.skipped, earlier, bundle_sha256)
    return _begin(options, planned, launcher, store, watcher)


@dataclass(frozen=True)
class Planned:
    """Jobs in their order, and where they come from if they repeat those of a bundle."""

    jobs: list[PlannedJob]
    order_seed: int
    skipped: list[Skipped]
    earlier: Campaign | None = None
    bundle_sha256: str | None = None
    builds: Earlier | None = None


def _begin(
    options: Options, planned: Planned, launcher: Launcher, store: Store, watcher: Watcher
) -> list[Result]:
    needed = [job.configuration for job in planned.jobs]
    limited, allotment = allotted.within(options, needed, watcher.say)
    gpus = side_by_side.gpus(limited.gpus) if options.parallel_gpus else None
    _sweep(launcher, store, watcher)
    backends = {name: catalog.load(name) for name in dict.fromkeys(one.backend for one in needed)}
    prepared_builds.check_devices(needed, backends, launcher, watcher)
    data = obtain.resolve(
        options.dataset, options.workload, options.data_dir, watcher.say, watcher.download
    )
    if planned.earlier:
        changes.same_data(planned.earlier, data, "the jobs cannot be repeated without it")
    then = planned.builds.environments if planned.builds else []
    prepared = prepared_builds.prepare(needed, backends, then, data, launcher, watcher)
    if planned.builds:
        now = {key[:2]: ready.provenance.image_id for key, ready in prepared.items() if not key[2]}
        against.unlike(planned.builds, now, options)
    host = Host(this_machine.read(options.machine), allotment)
    campaign = Campaign(
        campaign_id=new_run_id("campaign", "-".join(dict.fromkeys(options.devices))),
        created_at=one_job.now(),
        launcher=launcher.name,
        harness_version=metadata.version("benchdl"),
        harness_sha256=changes.harness_sha256(),
        runner_sha256=changes.runner_sha256(),
        machine=host.words,
        options=options,
        order_seed=planned.order_seed,
        dataset=data.name,
        dataset_sha256=data.sha256,
        environments=prepared_builds.environments(prepared, backends, then),
        jobs=planned.jobs,
        skipped=planned.skipped,
        bundle_sha256=planned.bundle_sha256,
    )
    with interrupts.held(), records.held(store, campaign.campaign_id):
        records.save(store, campaign)
        site = Site(
            campaign.campaign_id, limited, launcher, store, data, backends, prepared, host=host
        )  # fmt: skip
        return _go(campaign, site, [], gpus, watcher)


def resume(
    campaign: Campaign,
    launcher: Launcher,
    store: Store,
    watcher: Watcher,
    *,
    accept_changes: bool = False,
) -> list[Result]:
    """Run the jobs of a stopped campaign that have no end yet.

    A job that was cut off with its harness is stored as interrupted first, and what it left
    running is ended; then it is run again as a further attempt. What has ended is not run again.

    Args:
        campaign: its record.
        launcher: of the same kind as at the start.
        store: where the record and the results are.
        watcher: is told of the progress.
        accept_changes: go on although the environment or the machine is another now; every
            further result then says so.

    Returns:
        All results of the campaign, the earlier ones first.

    Raises:
        BenchdlError: another process runs it; or data, environment or machine are not those that
            it began with; or as with :func:`run`.
        KeyboardInterrupt: as with :func:`run`.
    """
    options = campaign.options
    watcher = Unfailing(watcher)
    machine = this_machine.read(this_machine.name(None) or options.machine)
    _sweep(launcher, store, watcher)
    with interrupts.held(), records.held(store, campaign.campaign_id):
        leftovers.clear(campaign.campaign_id, campaign.machine, launcher, store, watcher.say)
        earlier = records.results_of(store, campaign.campaign_id, watcher.say)
        left = campaign.left(earlier)
        if not left:
            watcher.say(f"nothing is left to run: {Outlook(campaign.jobs, earlier).standing()}")
            return earlier
        needed = [job.configuration for job in left]
        limited, allotment = allotted.within(options, needed, watcher.say)
        with interrupts.released():  # it may download and build, and leaves nothing half-done
            gpus = side_by_side.gpus(limited.gpus) if options.parallel_gpus else None
            backends = {name: catalog.load(name) for name in sorted({x.backend for x in needed})}
            prepared_builds.check_devices(needed, backends, launcher, watcher)
            data = obtain.resolve(
                campaign.dataset, options.workload, options.data_dir, watcher.say, watcher.download
            )
            then = [one for one in campaign.environments if one.earlier]
            for one in then:
                image, whose = str(one.provenance.image_id), f"{one.backend} of an earlier build"
                launcher.earlier(image, whose, watcher.say)
            prepared = prepared_builds.prepare(needed, backends, then, data, launcher, watcher)
        environments = prepared_builds.environments(prepared, backends, then)
        found = changes.since(campaign, data, environments, this_machine.words(machine))
        notes: list[Finding] = changes.judge(found, accept=accept_changes, say=watcher.say)
        site = Site(
            campaign.campaign_id, limited, launcher, store, data, backends, prepared, notes,
            host=Host(machine, allotment),
        )  # fmt: skip
        return earlier + _go(campaign, site, earlier, gpus, watcher)


def _sweep(launcher: Launcher, store: Store, watcher: Watcher) -> None:
    with interrupts.held():
        litter.sweep(launcher, store, this_machine.here(), watcher.say)


def _go(
    campaign: Campaign, site: Site, earlier: list[Result], gpus: list[str] | None, watcher: Watcher
) -> list[Result]:
    """Run what has no end yet; returns the new results in the order of running."""
    left = campaign.left(earlier)
    total = len(campaign.jobs)
    attempts = Counter(result.job.campaign_position for result in earlier)
    outlook = Outlook(campaign.jobs, earlier, len(gpus) if gpus else 1)
    begun: set[str | None] = set()

    def start(
        number: int, gpu: str | None, told: Watcher, stop: threading.Event | None = None
    ) -> Result:
        planned = left[number]
        for _ in range(_LOSSES + 1):
            attempts[planned.position] += 1
            job = one_job.job(site, planned, attempts[planned.position], gpu)
            first, alone = gpu not in begun, gpus is None
            begun.add(gpu)
            quiet = one_job.pause(site, job, told, first=first, alone=alone, stop=stop)
            outlook.started(planned.position)
            told.standing(outlook.standing())
            told.job_started(job, planned.position, total)
            result = one_job.run(site, job, quiet, told, stop)
            outlook.ended(result)
            told.standing(outlook.standing())
            site.launcher.settle(told.say, stop)
            if not one_job.engine_took_it(result):
                return result
        raise BenchdlError(
            f"the engine went away {_LOSSES + 1} times while job {planned.position} ran",
            "see why (its log, the kernel's): this job may be what ends it",
        )

    # What a stranger's image compiled is never loaded by another job.
    thrown = bool(campaign.bundle_sha256) or not compiled.kept()
    strangers = compiled.thrown_away() if thrown else nullcontext(None)
    with _resumable(campaign, watcher), strangers as apart:
        host = site.host.apart(apart)
        wanted = conforming.wanted(site.options, site.launcher, site.store, host)
        site = replace(site, host=host, proving=wanted)
        if gpus is not None:
            return side_by_side.run(len(left), gpus, start, watcher)
        return [start(number, None, watcher) for number in range(len(left))]


@contextmanager
def _resumable(campaign: Campaign, watcher: Watcher) -> Iterator[None]:
    """Whatever ends the body early, the user is told how to go on."""
    try:
        yield
    except (KeyboardInterrupt, BenchdlError):
        watcher.say(f"finished results are kept; to go on with it: {campaign.how_to_go_on}")
        raise
