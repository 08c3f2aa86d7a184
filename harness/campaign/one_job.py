"""One job from its plan to its stored result: there is exactly one, whatever happens."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

from harness import interrupts
from harness.campaign import conforming, sharing
from harness.campaign.beside import Beside
from harness.campaign.changes import harness_sha256, runner_sha256
from harness.campaign.gpu_pool import Place
from harness.campaign.plan import DEFAULT_COOL_DOWN_S, PlannedJob
from harness.campaign.resolved import Plan
from harness.campaign.watcher import Watcher
from harness.checks import recomputed, registry
from harness.checks.case import Case, Proof
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from harness.errors import BenchdlError
from harness.hosts.host import Host
from harness.launchers.exchange import Exchange, data_dir
from harness.launchers.launcher import CUT_OFF, Exit, Order, Prepared
from harness.provision.verified import Dataset
from harness.store import Store, new_run_id
from runner.contract.job import Job
from runner.contract.judging import DEVICES_FREE
from runner.contract.result import Failure, Finding, Idle, Launch, Result, Status
from runner.contract.samples import SAMPLES_FILE

Key = tuple[str, str, "str | None"]


@dataclass(frozen=True)
class Site:
    """What all jobs of a campaign share: how, where and with what they run.

    ``prepared`` is by backend, device and, of an earlier build, its image; ``changes`` are findings
    that every result gets. ``proving``: how the work of an image is proven once a job of it went
    well; without it that is not tried. ``shard`` is the campaign's.
    """

    campaign_id: str
    plan: Plan
    store: Store
    data: Dataset
    prepared: dict[Key, Prepared]
    changes: list[Finding] = field(default_factory=list)
    host: Host = field(default_factory=Host)
    proving: conforming.Proving | None = None
    beside: Beside = field(default_factory=lambda: Beside(recomputed.read))
    shard: str | None = None

    def within(self, place: Place) -> Site:
        """The same for a job that has cores of its own there, with its proof within them too."""
        if place.cores is None:
            return self
        host = self.host.within(place.cores, len(place.gpus))
        # What is proven stays known to all: the copy shares it, and its lock.
        proving = replace(self.proving, host=host) if self.proving else None
        return replace(self, host=host, proving=proving)

    def of(self, job: Job) -> Prepared:
        """What the job runs in."""
        earlier = self.prepared.get((job.backend, job.device, job.provenance.image_id))
        return earlier or self.prepared[job.backend, job.device, None]


def job(site: Site, planned: PlannedJob, attempt: int, gpus: list[str] | None = None) -> Job:
    """The job of ``planned``; with ``gpus`` on those alone."""
    question, options, wanted = site.plan.question, site.plan.options, planned.configuration
    backend, launcher = site.plan.backends[wanted.backend], site.plan.launcher
    prepared = site.prepared[wanted.backend, wanted.device, wanted.image]
    settings = planned.settings or question.settings(wanted, prepared.environment)
    run_id = new_run_id(backend.name, wanted.device)
    return Job(
        run_id=run_id,
        campaign_id=site.campaign_id,
        campaign_position=planned.position,
        attempt=attempt,
        backend=backend.name,
        title=backend.spec.title,
        variant=wanted.variant,
        workload=options.workload,
        dataset=site.data.name,
        launcher=launcher.name,
        device=wanted.device,
        gpus=gpus if gpus is not None else sharing.gpus(wanted, options),
        budget=question.budget,
        train_samples=options.train_samples,
        threads=wanted.threads,
        batch_size=wanted.batch_size,
        batch_per_gpu=options.batch_per_gpu,
        ranks=sharing.ranks(wanted, settings, options),
        seed=planned.seed,
        repeat=planned.repeat,
        data_dir=launcher.inside(data_dir(site.store.staging(), run_id), "data"),
        dataset_sha256=site.data.sha256,
        settings=settings,
        overrides=options.overrides,
        pins=prepared.pins,
        allow_unpinned=options.allow_unpinned,
        provenance=prepared.provenance,
        tags=options.tags,
        note=options.note,
    )


def pause(
    site: Site,
    job: Job,
    watcher: Watcher,
    *,
    first: bool,
    alone: bool,
    stop: threading.Event | None = None,
) -> Idle:
    """Cool down after the job before, if there was one, and wait for an idle machine."""
    options = site.plan.options
    cool_down_s = options.cool_down_s
    if cool_down_s is None:
        cool_down_s = DEFAULT_COOL_DOWN_S[job.device]
    return site.host.quiet(
        job,
        cool_down_s=0.0 if first else cool_down_s,
        wait_s=options.idle_wait_s,
        alone=alone,
        say=watcher.say,
        stop=stop,
    )


def run(
    site: Site, job: Job, quiet: Idle, watcher: Watcher, stop: threading.Event | None = None
) -> Result:
    """Start one job and store exactly one result of it, whatever signal comes meanwhile.

    Raises:
        BenchdlError: the result cannot be written, or the data is no longer what was verified.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the job was stored: as interrupted, or with its
            measurement if that was finished.
    """
    with interrupts.held():
        return _run(site, job, quiet, watcher, stop)


def _run(
    site: Site, job: Job, quiet: Idle, watcher: Watcher, stop: threading.Event | None
) -> Result:
    site.data.check_unchanged()
    compile_cache = site.host.compile_cache(job)
    exchange = Exchange(site.store.staging(), job)
    order = Order(
        job=job,
        prepared=site.of(job),
        job_dir=exchange.job_dir,
        data_files=site.data.served(),
        compile_cache=compile_cache,
        timeout_s=site.plan.options.timeout_s,
        memory_limit_bytes=site.plan.options.memory_limit_bytes,
        allotment=site.host.allotment,
        stop=stop,
    )
    begin, started_at = time.monotonic(), now()
    interrupted = False
    witness = Witness()

    def heard(event: dict[str, Any]) -> None:
        witness.event(event)
        # The proof of a build takes the GPUs of the first job of it.
        if event["event"] != DEVICES_FREE or conforming.is_settled(site.proving, job):
            watcher.event(job, event)

    site.beside.begin(job.run_id, exchange.job_dir, begin, site.host.allotment.cores)
    try:
        exit_ = site.plan.launcher.start(order, heard)
    except KeyboardInterrupt:
        exit_, interrupted = Exit("interrupted"), True
    except BenchdlError:  # it was not begun
        site.beside.end(job.run_id, time.monotonic())
        exchange.remove()
        raise
    witness.wall_s = time.monotonic() - begin
    samples = recomputed.read(exchange.job_dir / SAMPLES_FILE)
    seen = Seen(witness, samples, site.beside.others(job.run_id))
    site.beside.end(job.run_id, time.monotonic())
    said = exchange.result(exit_)
    if not interrupted and _asked_to_end(stop) and _failed(said):
        exit_, interrupted = replace(exit_, ended="interrupted"), True
        said = _ended_with_us(said)
    ended_at, proof = now(), Proof()
    if not (interrupted or _failed(said) or _asked_to_end(stop)):
        proof, interrupted = conforming.after(
            site.proving, job, order.prepared, watcher.say, stop, site.beside
        )
    measured = said.measurement if isinstance(said, Result) else None
    measured = recomputed.recomputed(measured, samples) if measured else None
    launch = _launch(job, exit_, witness.wall_s, quiet, site)
    tests = site.data.spec.test_samples
    case = Case(job, launch, started_at, ended_at, seen, measured, proof, tests)
    result = _conclude(said, exit_, case, site.changes)
    site.store.add(result, exchange)
    exchange.remove()
    watcher.job_ended(result)
    if interrupted:
        interrupts.check()  # else it would be raised once more
        raise KeyboardInterrupt
    return result


def _asked_to_end(stop: threading.Event | None) -> bool:
    return interrupts.pending() or (stop is not None and stop.is_set())


def _failed(said: Result | Failure) -> bool:
    return isinstance(said, Failure) or said.failure is not None


def _ended_with_us(said: Result | Failure) -> Failure:
    """Why a job failed that was signalled together with us: its processes end one by one.

    A service manager or a batch system tells every process of ours at once (KillMode in
    systemd.kill(5), ``scancel --full``), and the trainer may be gone before we hear of it.
    """
    failure = said.failure if isinstance(said, Result) else said
    last = f"; {failure.message}" if failure else ""
    return Failure(
        reason="interrupted",
        message=f"stopped by the user{last}",
        exit_code=failure.exit_code if failure else None,
    )


def engine_took_it(result: Result) -> bool:
    """Whether the job was cut off because its engine went away or had no room.

    A job that came to its end may say so of itself: it has failed, and is not begun again.
    """
    said = result.failure is not None and result.failure.reason == "engine-lost"
    return said and result.status == "interrupted"


def now() -> str:
    """This moment, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _conclude(said: Result | Failure, exit_: Exit, case: Case, changes: list[Finding]) -> Result:
    """Complete the runner's result, or make one for a runner that could not."""
    status: Status = "ok" if isinstance(said, Result) and said.status == "ok" else "failed"
    return Result(
        run_id=case.job.run_id,
        status="interrupted" if exit_.ended in CUT_OFF else status,
        started_at=case.started_at,
        finished_at=case.finished_at,
        job=case.job,
        measurement=case.measurement,
        conformance=case.proof.conformance,
        failure=said.failure if isinstance(said, Result) else said,
        findings=registry.findings(case) + changes,
        launch=case.launch,
    )


def _launch(job: Job, exit_: Exit, wall_s: float, quiet: Idle, site: Site) -> Launch:
    return Launch(
        launcher=job.launcher,
        harness_version=metadata.version("benchdl"),
        harness_sha256=harness_sha256(),
        runner_sha256=runner_sha256() if job.launcher != "docker" else None,
        machine=site.host.words,
        host_type=site.host.machine,
        wall_s=wall_s,
        exit_code=exit_.code,
        oom_killed=exit_.ended == "out-of-memory",
        engine=exit_.engine,
        injection=exit_.injection,
        idle=quiet,
        hardening=exit_.hardening,
        gpu_neighbours=exit_.gpu_neighbours,
        allotment=site.host.allotment,
        shard=site.shard,
    )
