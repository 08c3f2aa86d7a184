"""Was the work done where it was timed? Operations, CPU seconds and the phases that they fall into.

What is out of any machine's reach, or fell outside the training call, was not measured by Time (s).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.checks.case import Case
from runner.contract.measurement import Measurement
from runner.contract.precision import MIXED
from runner.contract.result import Finding
from runner.workloads.workload import TRAINING_PASSES

_CORE_OPERATIONS = 1e12
"""Per second and core: 64 float32 operations a cycle (two AVX-512 FMA units) at 4 GHz, and 4 times
as many for algorithms that need fewer (Winograd's convolution)."""

_GPU_OPERATIONS = 1e15
"""Per second and GPU: an H100's tensor cores do 0.5e15 in TF32 (NVIDIA's data sheet)."""

_OF_MIXED = {"cpu": 10.0, "gpu": 2.0}
"""Times as many of bfloat16 and float16: a core's AMX does 2,048 operations a cycle (Intel's
optimization manual), an H100's tensor cores 1e15 a second (NVIDIA's data sheet)."""

_SLACK_S = 10.0
"""CPU seconds that compiling or first use may take outside the training call."""

_COMPILING_S_A_CORE = 10.0
"""The same for a GPU, whose kernels XLA compiles on all cores: JAX took 1 s a core for the
evaluation of a small network (16 cores, 2026-11-26), and up to 7.8 s for that of a GPT with other
jobs beside it (64 cores, 2026-11-27)."""

_GPU_SLACK_S = 5.0
"""Seconds that kernels may run outside the training call: trials of which is the fastest; and NVML
looks back for up to a second."""

_CLOCK_S = 0.001
"""Readings of one clock within one process: their sums differ by rounding alone."""

_SHARE_FACTOR = 4.0
_AWAKE_CORES, _AWAKE_MIN_S = 0.3, 1.0
_CORES_FACTOR, _CORES_SLACK_S = 1.1, 0.5


def too_fast(case: Case) -> Iterator[Finding]:
    """No time is too short for the operations that the model states."""
    job, measured = case.job, case.measured
    samples = measured.work.samples
    whole = None if samples is None else case.workload.training_operations(samples)
    if whole is None:
        return
    on_gpu = job.device == "gpu"
    units = len(measured.gpu.devices) if on_gpu else measured.host.logical_cores
    rate = max(units, 1) * (_GPU_OPERATIONS if on_gpu else _CORE_OPERATIONS)
    rate *= _OF_MIXED[job.device] if job.settings.precision in MIXED else 1.0
    timed: dict[str, tuple[float, float]] = {"Time (s)": (measured.phases.fit_s, whole)}
    of_budget = case.workload.lap or job.budget.count
    a_lap = whole * of_budget / job.budget.count
    for lap in measured.laps[: job.budget.count // of_budget]:  # one more would be a smaller rest
        timed[f"lap {lap.number}"] = (lap.duration_s, a_lap)
        if lap.heard_s is not None:
            timed[f"lap {lap.number} by the judge's clock"] = (lap.heard_s, a_lap)
    used_s = None if on_gpu else case.seen.job_cpu_s(measured, "fit", "fit_end")
    if used_s is not None:
        timed["the CPU time of the training call, over all cores,"] = (
            used_s / max(units, 1),
            whole,
        )
    short = [
        f"{name} is {seconds:.4f} s"
        for name, (seconds, operations) in timed.items()
        if seconds < operations / rate
    ]
    if short:
        yield Finding(
            code="too-fast",
            severity="invalid",
            evidence=f"{short[0]}, and {whole / 1e9:.1f} billion operations in all take "
            f"{whole / rate:.4f} s at least on this machine",
            advice="the work was done before, after or not at all; do not use this row",
        )


def too_much_cpu(case: Case) -> Iterator[Finding]:
    """The job used no more CPU time than its cores have."""
    measured = case.measured
    used_s, cores = measured.cpu.job_cpu_s, measured.host.logical_cores
    most_s = _CORES_FACTOR * cores * measured.phases.fit_s + _CORES_SLACK_S
    if measured.marks and used_s is not None and used_s > most_s:
        yield Finding(
            code="clock",
            severity="invalid",
            evidence=f"the job used {used_s:.1f} s of CPU time in a training call of "
            f"{measured.phases.fit_s:.1f} s on {cores} cores",
            advice="the time cannot be right; do not use this row",
        )


def parts(case: Case) -> Iterator[Finding]:
    """The parts of a training call that are told of take no longer than all of it."""
    phases = case.measured.phases
    told = {"env_s": phases.env_s, "act_s": phases.act_s, "learn_s": phases.learn_s}
    seconds = sum(part for part in told.values() if part is not None)
    if seconds > phases.fit_s + _CLOCK_S:
        words = ", ".join(f"{name} {part:.3f}" for name, part in told.items() if part is not None)
        yield Finding(
            code="clock",
            severity="invalid",
            evidence=f"{words}: together {seconds:.3f} s, the training call {phases.fit_s:.3f} s",
            advice="the times of its parts cannot be right; do not use this row",
        )


def idle_training(case: Case) -> Iterator[Finding]:
    """A job on the CPU computed while it trained."""
    fit_s = case.measured.phases.fit_s
    used_s = case.seen.job_cpu_s(case.measured, "fit", "fit_end")
    if case.job.device != "cpu" or used_s is None or fit_s <= _AWAKE_MIN_S:
        return
    if used_s < _AWAKE_CORES * fit_s:
        yield Finding(
            code="training-idle",
            severity="suspect",
            evidence=f"the job used {used_s:.1f} s of CPU time in a training call of {fit_s:.1f} s",
            advice="it waited: for cores that others used (see foreign-load), or because the work "
            "was done elsewhere",
        )


def elsewhere(case: Case) -> Iterator[Finding]:
    """The work of training fell into the training call, not before and not after it."""
    on_gpu = case.job.device == "gpu"
    cores = case.measured.host.logical_cores
    cpu_slack_s = max(_SLACK_S, _COMPILING_S_A_CORE * cores) if on_gpu else _SLACK_S
    yield from _out_of_proportion(case, case.seen.job_cpu_s, cpu_slack_s, "of CPU time")
    if on_gpu:
        yield from _out_of_proportion(case, case.seen.gpu_busy_s, _GPU_SLACK_S, "of kernels")


def _out_of_proportion(
    case: Case,
    spent_s: Callable[[Measurement, str, str], float | None],
    slack_s: float,
    of_what: str,
) -> Iterator[Finding]:
    measured = case.measured
    within_s = spent_s(measured, "fit", "fit_end")
    if within_s is None:
        return
    allowed = {("build", "compile"): slack_s + within_s / 2}
    trained, evaluated = measured.work.samples, measured.score.samples
    if trained and evaluated:
        share = evaluated / (TRAINING_PASSES * trained)
        allowed["fit_end", "proof"] = slack_s + _SHARE_FACTOR * within_s * share
    names = {"build": "before the training call", "fit_end": "after it, in the evaluation"}
    for (first, last), most_s in allowed.items():
        outside_s = spent_s(measured, first, last)
        if outside_s is not None and outside_s > most_s:
            yield Finding(
                code="work-elsewhere",
                severity="suspect",
                evidence=f"{outside_s:.1f} s {of_what} {names[first]}, {within_s:.1f} s within it",
                advice="work that belongs to training may have been done outside Time (s); read "
                "the backend's module",
            )
