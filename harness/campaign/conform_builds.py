"""``benchdl conform``: builds are proven without a campaign, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from harness import catalog, interrupts, settings
from harness.campaign import allotted, litter, plan
from harness.campaign.conforming import Proving
from harness.campaign.plan import Configuration, Options
from harness.checks.case import Proof
from harness.hosts import compiled
from harness.hosts.host import Host
from harness.launchers.launcher import Launcher, Prepared
from harness.notices import Say
from harness.store import Store, new_run_id
from runner.contract.job import Job
from runner.workloads import lookup


def prove(
    options: Options, launcher: Launcher, store: Store, *, again: bool, say: Say
) -> Iterator[tuple[Configuration, Proof]]:
    """Build what ``options`` name and prove each, or find what was proven of it.

    Args:
        options: backends, modes, variants and one device; nothing is trained but the trials.
        launcher: how they start.
        store: its staging folder is used, and nothing is stored.
        again: whether what was proven before is proven again.
        say: is told of what is done.

    Raises:
        BenchdlError: the request makes no sense, or something cannot be had.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    configurations, _ = plan.check(options)
    limited, allotment = allotted.within(options, configurations, say)
    litter.end_processes(launcher, say)
    ready: dict[tuple[str, str], Prepared] = {}
    with nullcontext(None) if compiled.kept() else compiled.thrown_away() as apart:
        host = Host(allotment=allotment, unkept=apart)
        proving = Proving(launcher, store.staging(), host, options.memory_limit_bytes, again)
        for one in configurations:
            backend, place = catalog.load(one.backend), (one.backend, one.device)
            if place not in ready:
                if one.device == "gpu":
                    launcher.check_gpu(backend, say)
                ready[place] = launcher.prepare(backend, one.device, say)
            job = _job(one, backend, ready[place], limited, launcher)
            with interrupts.held():
                yield one, proving.of(job, ready[place], say)


def _job(
    one: Configuration,
    backend: catalog.Backend,
    prepared: Prepared,
    options: Options,
    launcher: Launcher,
) -> Job:
    """What stands for every job of this configuration."""
    run_id = new_run_id(backend.name, one.device)
    return Job(
        run_id=run_id,
        campaign_id=new_run_id("conform", one.device),
        backend=backend.name,
        title=backend.spec.title,
        variant=one.variant,
        workload=options.workload,
        dataset="none",
        launcher=launcher.name,
        device=one.device,
        gpus=options.gpus if one.device == "gpu" else None,
        budget=lookup.load(options.workload).budget,
        data_dir="none",
        dataset_sha256={},
        settings=settings.resolve(
            backend, one.variant, options.overrides, prepared.environment, one.mode
        ),
        overrides=options.overrides,
        pins=prepared.pins,
        provenance=prepared.provenance,
    )
