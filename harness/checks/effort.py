"""Was the work done where it was timed? Operations, CPU seconds and the phases that they fall into.

What is out of any machine's reach, or fell outside the training call, was not measured by Time (s).
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.seen import Seen
from runner.contract.job import Job
from runner.contract.measurement import Measurement
from runner.contract.result import Finding
from runner.workloads import lookup

_TRAINING_PASSES = 3
"""Forward, and backward by inputs and by weights: the usual count (PaLM, appendix B)."""

_CORE_OPERATIONS = 1e12
"""Per second and core: 64 float32 operations a cycle (two AVX-512 FMA units) at 4 GHz, and 4 times
as many for algorithms that need fewer (Winograd's convolution)."""

_GPU_OPERATIONS = 1e15
"""Per second and GPU: an H100's tensor cores do 0.5e15 in TF32 (NVIDIA's data sheet)."""

_SLACK_S = 10.0
"""CPU seconds that compiling or first use may take outside the training call."""

_SHARE_FACTOR = 4.0
_AWAKE_CORES, _AWAKE_MIN_S = 0.3, 1.0
_CORES_FACTOR, _CORES_SLACK_S = 1.1, 0.5


def findings(job: Job, measured: Measurement, seen: Seen) -> Iterator[Finding]:
    """Work that cannot have been done in its time, and work in the wrong place."""
    yield from _too_fast(job, measured, seen)
    yield from _too_much_cpu(job, measured)
    yield from _elsewhere(job, measured, seen)


def _too_fast(job: Job, measured: Measurement, seen: Seen) -> Iterator[Finding]:
    a_sample = _TRAINING_PASSES * lookup.load(job.workload).network.operations()
    an_epoch = a_sample * measured.learning.train_samples
    on_gpu = job.device == "gpu"
    units = len(measured.gpu.devices) if on_gpu else measured.host.logical_cores
    rate = max(units, 1) * (_GPU_OPERATIONS if on_gpu else _CORE_OPERATIONS)
    timed = {"Time (s)": (measured.phases.fit_s, job.epochs)}
    for epoch in measured.epochs:
        timed[f"epoch {epoch.number}"] = (epoch.duration_s, 1)
        if epoch.heard_s is not None:
            timed[f"epoch {epoch.number} by the judge's clock"] = (epoch.heard_s, 1)
    used = None if on_gpu else seen.job_cpu_s(measured, "fit", "fit_end")
    if used is not None:
        timed["the CPU time of the training call, over all cores,"] = (
            used / max(units, 1),
            job.epochs,
        )
    short = [
        f"{name} is {seconds:.4f} s"
        for name, (seconds, epochs) in timed.items()
        if seconds < epochs * an_epoch / rate
    ]
    if short:
        yield Finding(
            code="too-fast",
            severity="invalid",
            evidence=f"{short[0]}, and {an_epoch / 1e9:.1f} billion operations an epoch take "
            f"{an_epoch / rate:.4f} s at least on this machine",
            advice="the work was done before, after or not at all; do not use this row",
        )


def _too_much_cpu(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    used, cores = measured.cpu.job_cpu_s, measured.host.logical_cores
    most = _CORES_FACTOR * cores * measured.phases.fit_s + _CORES_SLACK_S
    if measured.marks and used is not None and used > most:
        yield Finding(
            code="clock",
            severity="invalid",
            evidence=f"the job used {used:.1f} s of CPU time in a training call of "
            f"{measured.phases.fit_s:.1f} s on {cores} cores",
            advice="the time cannot be right; do not use this row",
        )


def _elsewhere(job: Job, measured: Measurement, seen: Seen) -> Iterator[Finding]:
    fit_s = seen.job_cpu_s(measured, "fit", "fit_end")
    if fit_s is None:
        return
    awake_s = _AWAKE_CORES * measured.phases.fit_s
    if job.device == "cpu" and measured.phases.fit_s > _AWAKE_MIN_S and fit_s < awake_s:
        yield Finding(
            code="training-idle",
            severity="suspect",
            evidence=f"the job used {fit_s:.1f} s of CPU time in a training call of "
            f"{measured.phases.fit_s:.1f} s",
            advice="it waited: for cores that others used (see foreign-load), or because the work "
            "was done elsewhere",
        )
    learning = measured.learning
    trained = _TRAINING_PASSES * learning.train_samples * job.epochs
    allowed = {
        ("build", "compile"): _SLACK_S + fit_s / 2,
        ("fit_end", "proof"): _SLACK_S + _SHARE_FACTOR * fit_s * learning.test_samples / trained,
    }
    names = {"build": "before the training call", "fit_end": "after it, in the evaluation"}
    for (first, last), most_s in allowed.items():
        used = seen.job_cpu_s(measured, first, last)
        if used is not None and used > most_s:
            yield Finding(
                code="work-elsewhere",
                severity="suspect",
                evidence=f"{used:.1f} s of CPU time {names[first]}, {fit_s:.1f} s within it",
                advice="work that belongs to training may have been done outside Time (s); read "
                "the backend's module",
            )
