"""A result as one flat row: what tables are made of. What was not measured is None, never 0."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from operator import attrgetter
from statistics import fmean, median
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.checks.verdict import verdict
from harness.tables import sampling_error
from harness.tables.kinds import Kind
from runner.contract.job import Settings
from runner.contract.measurement import GpuUse, Measurement
from runner.contract.result import Launch, Result
from runner.workloads import lookup


class Row(BaseModel):
    """One run. Units are in the names; docs/definitions.md defines each column."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    campaign_id: str
    backend: str
    tool: str
    mode: str
    variant: str
    workload: str
    dataset: str
    launcher: str
    device: str
    status: str
    time_s: float | None
    first_epoch_s: float | None
    steady_epoch_s: float | None
    import_s: float | None
    build_s: float | None
    compile_s: float | None
    time_and_compile_s: float | None
    evaluate_s: float | None
    total_s: float | None
    images_per_s: float | None
    gpu_percent: float | None
    gpus_used: int | None
    gpus_visible: int | None
    gpu_name: str | None
    gpu_memory_peak_bytes: int | None
    power_mean_w: float | None
    energy_j: float | None
    energy_source: str | None
    cpus: float | None
    cpu1_percent: float | None
    job_cpu_s: float | None
    job_cpus: float | None
    rss_peak_bytes: int | None
    error_rate_percent: float | None
    error_rate_se_points: float | None
    parameters: int | None
    epochs: int
    train_samples: int | None
    threads: int | None
    batch_size: int | None
    seed: int
    repeat: int
    campaign_position: int | None
    attempt: int
    precision: str
    layout: str | None
    overrides: str
    software: str
    settings: str
    image_id: str | None
    locks_sha256: str | None
    runner_sha256: str | None
    harness: str | None
    note: str | None
    machine: str | None
    kernel: str | None
    findings: list[str]
    failure: str | None
    started_at: str

    @functools.cached_property
    def kind(self) -> Kind:
        """What this run has in common with those that may share its line."""
        return Kind._make(_fields_of_kind(self))


_fields_of_kind: Callable[[Row], tuple[Any, ...]] = attrgetter(*Kind._fields)


def row(result: Result) -> Row:
    """The row of one result."""
    job, measured = result.job, result.measurement
    gpu = _gpu(measured.gpu) if measured else (None, None, None, None)
    failure = result.failure
    return Row(
        run_id=result.run_id,
        campaign_id=job.campaign_id,
        backend=job.backend,
        tool=job.title,
        mode=job.settings.mode,
        variant=job.variant,
        workload=job.workload,
        dataset=job.dataset,
        launcher=job.launcher,
        device=job.device,
        status=verdict(result.status, result.findings),
        time_s=_get(measured, lambda m: m.phases.fit_s),
        first_epoch_s=_get(measured, lambda m: m.epochs[0].duration_s if m.epochs else None),
        steady_epoch_s=_get(measured, _steady),
        import_s=_get(measured, lambda m: m.phases.import_s),
        build_s=_get(measured, lambda m: m.phases.build_s),
        compile_s=_get(measured, lambda m: m.phases.compile_s),
        time_and_compile_s=_get(measured, lambda m: m.phases.fit_s + (m.phases.compile_s or 0.0)),
        evaluate_s=_get(measured, lambda m: m.phases.evaluate_s),
        total_s=_get(measured, lambda m: m.phases.total_s),
        images_per_s=_get(
            measured, lambda m: m.learning.train_samples * len(m.epochs) / m.phases.fit_s
        ),
        gpu_percent=gpu[0],
        gpus_used=gpu[1],
        gpus_visible=gpu[2],
        gpu_name=gpu[3],
        gpu_memory_peak_bytes=max(_of_used(measured, "memory_peak_bytes"), default=None),
        power_mean_w=_sum(_of_used(measured, "power_mean_w")),
        energy_j=_sum(_of_used(measured, "energy_j")),
        energy_source=" and ".join(sorted(set(_of_used(measured, "energy_source")))) or None,
        cpus=_get(measured, lambda m: m.cpu.busy_cores),
        cpu1_percent=_get(measured, lambda m: m.cpu.busiest_core_percent),
        job_cpu_s=_get(measured, lambda m: m.cpu.job_cpu_s),
        job_cpus=_get(measured, _job_cpus),
        rss_peak_bytes=measured.memory.rss_peak_bytes if measured else None,
        error_rate_percent=_get(measured, lambda m: 100 * m.learning.error_rate),
        error_rate_se_points=_get(
            measured,
            lambda m: 100 * sampling_error.of(m.learning.error_rate, m.learning.test_samples),
        ),
        parameters=measured.learning.parameters if measured else None,
        epochs=job.epochs,
        train_samples=measured.learning.train_samples if measured else job.train_samples,
        threads=job.threads,
        batch_size=job.batch_size
        or recipe_batch_size(job.workload)
        or (measured.learning.batch_size if measured else None),
        seed=job.seed,
        repeat=job.repeat,
        campaign_position=job.campaign_position,
        attempt=job.attempt,
        precision=job.settings.precision + (" with tf32" if job.settings.tf32 else ""),
        layout=_layout(measured) if measured else None,
        overrides=" ".join(f"{key}={value}" for key, value in job.overrides.items()),
        software=" ".join(f"{name} {version}" for name, version in job.pins.packages.items()),
        settings=_settings(job.settings),
        image_id=job.provenance.image_id,
        locks_sha256=_locks(job.provenance.locks_sha256),
        runner_sha256=result.launch.runner_sha256 if result.launch else None,
        harness=_harness(result.launch) if result.launch else None,
        note=job.provenance.note,
        machine=result.launch.machine if result.launch else None,
        kernel=_kernel(result),
        findings=[f"{finding.severity}: {finding.code}" for finding in result.findings],
        failure=f"{failure.reason}: {failure.message}" if failure else None,
        started_at=result.started_at,
    )


@functools.cache
def recipe_batch_size(workload: str) -> int | None:
    """Of the workload's own recipe; None if this version does not know the workload."""
    return lookup.load(workload).recipe.batch_size if workload in lookup.names() else None


def _settings(settings: Settings) -> str:
    pool = settings.memory_pool
    words = [f"memory pool {pool.mode}" + (f" {pool.fraction:g}" if pool.fraction else "")]
    words.append(f"cuDNN {'on' if settings.cudnn_enabled else 'off'}")
    if settings.strategy != "default":
        words.append(f"strategy {settings.strategy}")
    words += [f"{name}={value}" for name, value in sorted(settings.environment.items())]
    return ", ".join(words)


def _locks(files: dict[str, str]) -> str | None:
    """One digest of all lock files, or the digest of the only one."""
    if len(files) < 2:
        return next(iter(files.values()), None)
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _harness(launch: Launch) -> str:
    """Which benchdl measured: its version, and the digest of its code where that is known."""
    code = f" of code {launch.harness_sha256[:12]}" if launch.harness_sha256 else ""
    return f"benchdl {launch.harness_version}{code}"


def _kernel(result: Result) -> str | None:
    """The kernel that the job ran on: as the harness saw it, else as the job did."""
    if result.launch and result.launch.host_type:
        return result.launch.host_type.kernel
    return result.measurement.host.kernel if result.measurement else None


def _layout(measured: Measurement) -> str | None:
    said = measured.attestation.framework.get("layout")
    return said if isinstance(said, str) else None


def _get(measured: Measurement | None, read: Callable[[Measurement], float | None]) -> float | None:
    return None if measured is None else read(measured)


def _steady(measured: Measurement) -> float | None:
    """Median duration of all epochs but the first, which compiles and warms up."""
    later = [epoch.duration_s for epoch in measured.epochs[1:]]
    return median(later) if later else None


def _job_cpus(measured: Measurement) -> float | None:
    """Cores that the job kept busy on average: its CPU seconds a second of the training call."""
    used = measured.cpu.job_cpu_s
    return None if used is None else used / measured.phases.fit_s


def _gpu(use: GpuUse) -> tuple[float | None, int | None, int | None, str | None]:
    """Mean utilisation over the GPUs used, how many are used and visible, and their name."""
    name = use.devices[0].name if use.devices else None
    if use.state != "ok":
        return None, None, None, name
    used = [device for device in use.devices if device.used]
    known = [d.utilisation_percent for d in used if d.utilisation_percent is not None]
    return (fmean(known) if known else None), len(used), len(use.devices), name


def _of_used(measured: Measurement | None, figure: str) -> list[Any]:
    """A figure of every GPU used; nothing if one of them lacks it, since a part is no whole."""
    if measured is None or measured.gpu.state != "ok":
        return []
    values = [getattr(device, figure) for device in measured.gpu.devices if device.used]
    return [] if None in values else values


def _sum(values: list[float]) -> float | None:
    return sum(values) if values else None
