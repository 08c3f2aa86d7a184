"""Running a campaign and going on with one that was stopped: ``benchdl run`` and ``resume``.

plan ──► record on disk ──► jobs that have no end yet ──► one result each
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from importlib import metadata

from harness import catalog, interrupts
from harness.campaign import (
    against,
    changes,
    conforming,
    leftovers,
    litter,
    one_job,
    prepared_builds,
    records,
    resolved,
    sharing,
    side_by_side,
)
from harness.campaign.gpu_pool import Need, Place
from harness.campaign.one_job import Site
from harness.campaign.outlook import Outlook
from harness.campaign.records import Campaign
from harness.campaign.resolved import Plan
from harness.campaign.unfailing import Unfailing
from harness.campaign.watcher import Watcher
from harness.catalog import Backend
from harness.errors import BenchdlError
from harness.hosts import compiled, this_machine
from harness.hosts.host import Host
from harness.launchers.launcher import Launcher
from harness.provision import obtain
from harness.provision.verified import Dataset
from harness.store import Store, new_run_id
from runner.contract.result import Finding, Result

_LOSSES = 2
"""How often in a row a job is begun again whose engine went away."""

_ALL = "all"
"""In place of names of GPUs: jobs that run one after another."""


def run(
    plan: Plan,
    store: Store,
    watcher: Watcher,
    *,
    shard: str | None = None,
    findings: Sequence[Finding] = (),
    until_s: float | None = None,
) -> list[Result]:
    """Run every job of a plan and store each result.

    One job after another, in shuffled blocks of every configuration; with ``parallel_gpus`` as many
    at a time as the GPUs are enough for, each on GPUs of its own. A job that fails is stored as
    failed and the next one goes on.

    Args:
        plan: what to run, and how to start it.
        store: where the campaign's record is put first, and each result as soon as it is there.
        watcher: is told of the progress.
        shard: ``FLEET/SHARD``, if it is a part of a fleet's campaign.
        findings: every result gets them.
        until_s: the moment of the monotonic clock from which no further job begins.

    Returns:
        The results in the order of running.

    Raises:
        BenchdlError: an environment or dataset cannot be had, the data is not that of the campaign
            to be repeated, or results cannot be written.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the running job was stored as interrupted.
    """
    watcher = Unfailing(watcher)
    question = plan.question
    for line in plan.notes:
        watcher.say(line)
    _sweep(plan.launcher, store, watcher)
    prepared_builds.check(plan, watcher)
    data = _data(plan, question.options.dataset, watcher)
    if plan.repeats:
        changes.same_data(plan.repeats, data, "the jobs cannot be repeated without it")
    prepared = prepared_builds.prepare(plan, data, watcher)
    of_now = {key[:2]: ready.provenance.image_id for key, ready in prepared.items() if not key[2]}
    against.unlike(question, plan.jobs, of_now)
    host = Host(this_machine.read(question.options.machine), plan.allotment)
    campaign = Campaign(
        campaign_id=new_run_id("campaign", "-".join(dict.fromkeys(question.options.devices))),
        created_at=one_job.now(),
        launcher=plan.launcher.name,
        harness_version=metadata.version("benchdl"),
        harness_sha256=changes.harness_sha256(),
        runner_sha256=changes.runner_sha256(),
        machine=host.words,
        options=question.options,
        order_seed=plan.order_seed,
        dataset=data.name,
        dataset_sha256=data.sha256,
        environments=prepared_builds.environments(plan, prepared),
        jobs=list(plan.jobs),
        skipped=list(question.skipped),
        bundle_sha256=plan.bundle_sha256,
        shard=shard,
    )
    with interrupts.held(), records.held(store, campaign.campaign_id):
        records.save(store, campaign)
        site = Site(
            campaign.campaign_id, plan, store, data, prepared, [*findings], host=host, shard=shard
        )
        return _go(campaign, site, [], watcher, until_s)


def resume(
    campaign: Campaign,
    launcher: Launcher,
    store: Store,
    watcher: Watcher,
    *,
    accept_changes: bool = False,
    load: Callable[[str], Backend] = catalog.load,
    findings: Sequence[Finding] = (),
    until_s: float | None = None,
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
        load: gives the backends by name, perhaps those that were read already.
        findings: every further result gets them.
        until_s: as with :func:`run`.

    Returns:
        All results of the campaign, the earlier ones first.

    Raises:
        UsageError: it was imported: it goes on where it began.
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
        changes.begun_here(campaign, store)
        plan = resolved.rest(campaign, left, launcher, load)
        for line in plan.notes:
            watcher.say(line)
        with interrupts.released():  # it may download and build, and leaves nothing half-done
            prepared_builds.check(plan, watcher)
            data = _data(plan, campaign.dataset, watcher)
            prepared = prepared_builds.prepare(plan, data, watcher)
        environments = prepared_builds.environments(plan, prepared)
        found = changes.since(campaign, data, environments, this_machine.words(machine))
        notes = [*changes.judge(found, accept=accept_changes, say=watcher.say), *findings]
        host = Host(machine, plan.allotment)
        site = Site(
            campaign.campaign_id,
            plan,
            store,
            data,
            prepared,
            notes,
            host=host,
            shard=campaign.shard,
        )
        return earlier + _go(campaign, site, earlier, watcher, until_s)


def _data(plan: Plan, dataset: str, watcher: Watcher) -> Dataset:
    options = plan.options
    return obtain.resolve(
        dataset, options.workload, options.data_dir, watcher.say, watcher.download
    )


def _sweep(launcher: Launcher, store: Store, watcher: Watcher) -> None:
    with interrupts.held():
        litter.sweep(launcher, store, this_machine.here(), watcher.say)


def _go(
    campaign: Campaign,
    site: Site,
    earlier: list[Result],
    watcher: Watcher,
    until_s: float | None,
) -> list[Result]:
    """Run what has no end yet; returns the new results in the order of running."""
    left, gpus = site.plan.jobs, site.plan.gpus
    total = len(campaign.jobs)
    attempts = Counter(result.job.campaign_position for result in earlier)
    outlook = Outlook(campaign.jobs, earlier, len(gpus) if gpus else 1)
    begun: set[str] = set()

    def late() -> bool:
        return until_s is not None and time.monotonic() >= until_s

    def start(
        number: int, place: Place | None, told: Watcher, stop: threading.Event | None = None
    ) -> Result:
        planned, on = left[number], place.gpus if place else None
        here = site.within(place) if place else site
        for _ in range(_LOSSES + 1):
            attempts[planned.position] += 1
            job = one_job.job(here, planned, attempts[planned.position], on)
            first, alone = begun.isdisjoint(on or [_ALL]), gpus is None
            begun.update(on or [_ALL])
            quiet = one_job.pause(here, job, told, first=first, alone=alone, stop=stop)
            outlook.started(planned.position)
            told.standing(outlook.standing())
            told.job_started(job, planned.position, total)
            result = one_job.run(here, job, quiet, told, stop)
            outlook.ended(result)
            told.standing(outlook.standing())
            site.plan.launcher.settle(told.say, stop)
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
        wanted = conforming.wanted(site.plan, site.store, host)
        site = replace(site, host=host, proving=wanted)
        results: list[Result] = []
        if gpus is not None:
            needs, lots = _needs(site.plan), site.plan.lots
            results = side_by_side.run(needs, gpus, start, watcher, lots, late)
        else:
            for number in range(len(left)):
                if late():
                    break
                results.append(start(number, None, watcher))
    if len(results) < len(left):
        watcher.say(
            f"the time is up, as --stop-after says: {len(left) - len(results)} of {total} jobs did "
            f"not begin; to go on: {campaign.how_to_go_on}"
        )
    return results


def _needs(plan: Plan) -> list[Need]:
    """Of each job, by its settings: how many GPUs it takes, within its block of repeats."""
    needs = []
    for job in plan.jobs:
        settings = job.settings or plan.question.settings(job.configuration)
        count = sharing.needed(job.configuration, settings, plan.options)
        needs.append(Need(count, job.repeat))
    return needs


@contextmanager
def _resumable(campaign: Campaign, watcher: Watcher) -> Iterator[None]:
    """Whatever ends the body early, the user is told how to go on."""
    try:
        yield
    except (KeyboardInterrupt, BenchdlError):
        watcher.say(f"finished results are kept; to go on with it: {campaign.how_to_go_on}")
        raise
