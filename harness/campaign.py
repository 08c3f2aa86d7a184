"""Planning jobs and running them: the function behind ``benchdl run``."""

from __future__ import annotations

import itertools
import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Protocol

from harness import cache, catalog, checks, datasets, settings, side_by_side
from harness.catalog import Backend, Flavour
from harness.errors import UsageError
from harness.exchange import Exchange
from harness.launchers.base import Exit, Launcher, Order, Prepared
from harness.store import Store, new_run_id
from runner import attest, workloads
from runner.contract import Failure, Job, Launch, Mode, Result, SettingValue, Status

DEFAULT_TIMEOUT_S = 7200.0


@dataclass(frozen=True)
class Options:
    """What a user asks for; every field is an option of ``benchdl run``."""

    backends: list[str]
    workload: str = "cnn-mnist"
    device: Literal["cpu", "gpu"] = "cpu"
    gpus: list[str] | None = None
    parallel_gpus: bool = False
    modes: list[Mode] = field(default_factory=lambda: ["as-written"])
    variants: list[str] = field(default_factory=lambda: ["default"])
    overrides: dict[str, SettingValue] = field(default_factory=dict)
    epochs: int | None = None
    train_samples: int | None = None
    repeat: int = 1
    threads: int | None = None
    seed: int = 123
    dataset: str = "auto"
    data_dir: Path | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S
    memory_limit_bytes: int | None = None
    allow_unpinned: bool = False


class Watcher(Protocol):
    """Is told how a campaign goes on; progress displays implement it."""

    def say(self, line: str) -> None:
        """One line of notice."""

    def job_started(self, job: Job, number: int, total: int) -> None:
        """Job ``number`` of ``total`` starts."""

    def event(self, job: Job, event: dict[str, Any]) -> None:
        """A progress line of the runner."""

    def job_ended(self, result: Result) -> None:
        """It ended, well or not, and is stored."""


@dataclass(frozen=True)
class Planned:
    """One job to be: the ``repeat``-th start of a backend in a mode and a variant."""

    backend: Backend
    mode: Mode
    variant: str
    repeat: int


def run(options: Options, launcher: Launcher, store: Store, watcher: Watcher) -> list[Result]:
    """Run every job that ``options`` ask for and store each result.

    One job after another, or with ``parallel_gpus`` one at a time on each GPU.

    A job that fails is stored as failed and the next one goes on. Repeats are interleaved: every
    backend once, then every backend again.

    Args:
        options: what to run.
        launcher: how to start it.
        store: where each result is put as soon as it is there.
        watcher: is told of the progress.

    Returns:
        The results in the order of running.

    Raises:
        BenchdlError: the request makes no sense, an environment or dataset cannot be had, or
            results cannot be written.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the running job was stored as interrupted.
    """
    planned = check(options)
    flavour: Flavour = options.device
    prepared: dict[str, Prepared] = {}
    shared_out = side_by_side.gpus(options.gpus) if options.parallel_gpus else None
    _tell_what_has_no_effect(options, watcher)
    store.staging()
    data = datasets.resolve(options.dataset, options.data_dir, watcher.say)
    for plan in planned:
        if plan.backend.name not in prepared:
            prepared[plan.backend.name] = launcher.prepare(plan.backend, flavour, watcher.say)
    campaign = new_run_id("campaign", options.device)

    def start(
        number: int, gpu: str | None, told: Watcher, stop: threading.Event | None = None
    ) -> Result:
        plan = planned[number]
        ready = prepared[plan.backend.name]
        job = _job(options, plan, launcher, ready, data, campaign)
        job = job if gpu is None else job.model_copy(update={"gpus": [gpu]})
        told.job_started(job, number + 1, len(planned))
        return _run_one(options, job, ready, data.directory, launcher, store, told, stop)

    if shared_out is not None:
        return side_by_side.run(len(planned), shared_out, start, watcher)
    return [start(number, None, watcher) for number in range(len(planned))]


def check(options: Options) -> list[Planned]:
    """Check everything that can be checked before anything is built or started.

    Returns:
        The jobs in their order: repeats are interleaved.

    Raises:
        UsageError: unknown backend, mode, variant, key or workload.
    """
    if not options.backends:
        raise UsageError("no backend given", f"backends: {', '.join(catalog.names())}")
    if options.parallel_gpus and options.device != "gpu":
        raise UsageError("--parallel-gpus with device cpu", "add --device gpu")
    if options.workload not in workloads.names():
        raise UsageError(
            f"unknown workload '{options.workload}'",
            catalog.suggestion(options.workload, workloads.names(), "workloads"),
        )
    loaded = [catalog.load(name) for name in catalog.chosen(options.backends)]
    for backend in loaded:
        if options.device not in backend.flavours():
            raise UsageError(f"backend '{backend.name}' has no {options.device} flavour")
        for mode, variant in itertools.product(options.modes, options.variants):
            settings.resolve(backend, variant, options.overrides, mode=mode)
    return [
        Planned(backend, mode, variant, repeat)
        for repeat in range(1, options.repeat + 1)
        for backend in loaded
        for mode in options.modes
        for variant in options.variants
    ]


def _tell_what_has_no_effect(options: Options, watcher: Watcher) -> None:
    """A setting of the GPU that is changed for a CPU job is recorded, and does nothing."""
    if options.device == "gpu":
        return
    for name in catalog.chosen(options.backends):
        for variant in options.variants:
            spec = catalog.load(name).spec.variants.get(variant)
            if spec and (spec.memory_pool or spec.cudnn or spec.strategy):
                watcher.say(f"note: variant {variant} of {name} is about the GPU; this is the cpu")
    for key in options.overrides:
        if not key.startswith(("precision.", "environment.")):
            watcher.say(f"note: {key} is about the GPU; this is the cpu")


def _job(
    options: Options,
    plan: Planned,
    launcher: Launcher,
    prepared: Prepared,
    data: datasets.Dataset,
    campaign: str,
) -> Job:
    resolved = settings.resolve(
        plan.backend, plan.variant, options.overrides, prepared.environment, plan.mode
    )
    return Job(
        run_id=new_run_id(plan.backend.name, options.device),
        campaign_id=campaign,
        backend=plan.backend.name,
        title=plan.backend.spec.title,
        variant=plan.variant,
        workload=options.workload,
        dataset=data.name,
        launcher=launcher.name,
        device=options.device,
        gpus=options.gpus,
        epochs=options.epochs or workloads.load(options.workload).recipe.epochs,
        train_samples=options.train_samples,
        threads=options.threads,
        seed=options.seed + plan.repeat - 1,
        repeat=plan.repeat,
        data_dir=launcher.inside(data.directory, "data"),
        dataset_sha256=data.sha256,
        settings=resolved,
        overrides=options.overrides,
        pins=prepared.pins,
        allow_unpinned=options.allow_unpinned,
        provenance=prepared.provenance,
    )


def _run_one(
    options: Options,
    job: Job,
    prepared: Prepared,
    data_dir: Path,
    launcher: Launcher,
    store: Store,
    watcher: Watcher,
    stop: threading.Event | None,
) -> Result:
    """Start one job and store exactly one result of it, whatever happens."""
    exchange = Exchange(store.staging(), job)
    order = Order(
        job=job,
        prepared=prepared,
        job_dir=exchange.job_dir,
        data_dir=data_dir,
        compile_cache=_compile_cache(job),
        timeout_s=options.timeout_s,
        memory_limit_bytes=options.memory_limit_bytes,
        stop=stop,
    )
    begin, started_at = time.monotonic(), _now()
    interrupted = False
    try:
        exit_ = launcher.start(order, lambda event: watcher.event(job, event))
    except KeyboardInterrupt:
        exit_, interrupted = Exit("interrupted"), True
    result = _conclude(job, exchange.result(exit_), exit_, started_at, time.monotonic() - begin)
    store.add(result, exchange)
    exchange.remove()
    watcher.job_ended(result)
    if interrupted:
        raise KeyboardInterrupt
    return result


def _conclude(
    job: Job, said: Result | Failure, exit_: Exit, started_at: str, wall_s: float
) -> Result:
    """Complete the runner's result, or make one for a runner that could not."""
    measured = said.measurement if isinstance(said, Result) else None
    status: Status = "ok" if isinstance(said, Result) and said.status == "ok" else "failed"
    return Result(
        run_id=job.run_id,
        status="interrupted" if exit_.ended == "interrupted" else status,
        started_at=started_at,
        finished_at=_now(),
        job=job,
        measurement=measured,
        failure=said.failure if isinstance(said, Result) else said,
        findings=(
            checks.findings(job, measured, wall_s) + checks.exit_status(exit_.code)
            if measured
            else []
        ),
        launch=Launch(
            launcher=job.launcher,
            harness_version=metadata.version("benchdl"),
            machine=_machine(),
            wall_s=wall_s,
            exit_code=exit_.code,
            oom_killed=exit_.ended == "out-of-memory",
            engine=exit_.engine,
            injection=exit_.injection,
            hardening=exit_.hardening,
        ),
    )


def _machine() -> str:
    """The processor and the cores that this process, and so its jobs, may use."""
    return f"{attest.host().cpu_model}, {len(os.sched_getaffinity(0))} cores"


def _compile_cache(job: Job) -> Path:
    """A folder for compiled code, open to the job's user, kept from job to job."""
    outer = cache.cache_dir() / "compiled"
    # By user as well: what one user's job compiled another's may not touch.
    folder = outer / f"{job.launcher}-{job.backend}-{job.provenance.flavour}-{os.getuid()}"
    with cache.storing(outer):
        outer.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    return folder


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
