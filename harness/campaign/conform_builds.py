"""``benchdl conform``: builds are proven without a campaign, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from harness import interrupts
from harness.campaign import allotted, checked, litter, sharing
from harness.campaign.checked import Checked
from harness.campaign.conforming import Proving
from harness.campaign.plan import Configuration, Options
from harness.catalog import Backend
from harness.checks.case import Proof
from harness.hosts import compiled
from harness.hosts.host import Host
from harness.launchers.launcher import Launcher, Prepared
from harness.notices import Say
from harness.store import Store, new_run_id
from runner.contract.job import Job
from runner.workloads import lookup


def prove(
    options: Options,
    launcher: Launcher,
    store: Store,
    *,
    again: bool,
    say: Say,
    briefly: Callable[[Backend], list[str]] | None = None,
) -> Iterator[tuple[Configuration, Proof]]:
    """Build what ``options`` name and prove each, or find what was proven of it.

    Args:
        options: backends, modes, variants and one device; nothing is trained but the trials.
        launcher: how they start.
        store: its staging folder is used, and nothing is stored.
        again: whether what was proven before is proven again.
        say: is told of what is done.
        briefly: which workloads of a backend are proven in one start, one batch's updates of each;
            None: all that can be proven of the options' workload.

    Raises:
        BenchdlError: the request makes no sense, or something cannot be had.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    question = checked.here(checked.combined(options), launcher.refuse)
    limited, allotment = allotted.within(options, question.configurations, say)
    litter.end_processes(launcher, say)
    ready: dict[tuple[str, str], Prepared] = {}
    with nullcontext(None) if compiled.kept() else compiled.thrown_away() as apart:
        host = Host(allotment=allotment, unkept=apart)
        proving = Proving(launcher, store.staging(), host, options.memory_limit_bytes, again)
        for wanted in question.configurations:
            backend, place = question.backends[wanted.backend], (wanted.backend, wanted.device)
            if place not in ready:
                if wanted.device == "gpu":
                    launcher.check_gpu(backend, say)
                ready[place] = launcher.prepare(backend, wanted.device, say)
            job = _job(wanted, question, ready[place], limited, launcher)
            if briefly:
                job = job.model_copy(update={"briefly": briefly(backend)})
            with interrupts.held():
                yield wanted, proving.of(job, ready[place], say)


def networks_of(backend: Backend) -> list[str]:
    """The workloads of a backend of which updates can be proven."""
    names = backend.spec.workloads or []
    return [name for name in names if lookup.load(name).provable]


def _job(
    wanted: Configuration,
    question: Checked,
    prepared: Prepared,
    options: Options,
    launcher: Launcher,
) -> Job:
    """What stands for every job of this configuration."""
    run_id = new_run_id(wanted.backend, wanted.device)
    settings = question.settings(wanted, prepared.environment)
    return Job(
        run_id=run_id,
        campaign_id=new_run_id("conform", wanted.device),
        backend=wanted.backend,
        title=question.backends[wanted.backend].spec.title,
        variant=wanted.variant,
        workload=options.workload,
        dataset="none",
        launcher=launcher.name,
        device=wanted.device,
        gpus=sharing.gpus(wanted, options),
        ranks=sharing.ranks(wanted, settings, options),
        budget=lookup.load(options.workload).budget,
        data_dir="none",
        dataset_sha256={},
        settings=settings,
        overrides=options.overrides,
        pins=prepared.pins,
        provenance=prepared.provenance,
    )
