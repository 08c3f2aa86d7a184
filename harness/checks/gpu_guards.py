"""What may have disturbed a measurement on a GPU: findings with evidence and advice.

Each guard is a function from a job and its measurement to findings, as in :mod:`harness.checks`.
A guard speaks only of what was measured: a figure that NVML did not give is no finding. What
others do on a GPU counts only where the job used that GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from harness.nvidia import architectures
from harness.nvidia.cuda_drivers import is_older, minimum_driver
from runner.contract.job import Job
from runner.contract.measurement import GpuDevice, Measurement
from runner.contract.result import Finding

GIB = 2**30

_IDLE_PERCENT = 1.0
_BUSY_BEFORE_PERCENT = 10.0
_TAKEN_BYTES, _TAKEN_SHARE = GIB, 0.03  # the driver itself keeps below 1 % of a large GPU
_THROTTLED_SHARE = 0.05
_CLOCK_SHARE = 0.6
_JIT_EXCESS_S, _JIT_FACTOR = 20.0, 5.0
_STEAL_SHARE, _STEAL_MIN_S = 0.05, 0.5
# Neither slows a GPU that works: it is idle, or somebody chose its clocks (see gpu-clocks-low).
_ORDINARY = {"SW power cap", "sync boost", "unknown"}
_HARMLESS = {"idle", "applications clocks setting", "display clock setting"}
_SHARED_ADVICE = (
    "nvidia-smi on the host shows whose they are; end them or choose another GPU with --gpus, "
    "then run again"
)


def _lost(job: Job, measured: Measurement) -> Iterator[Finding]:
    gpu = measured.gpu
    if job.device != "gpu" or gpu.state == "ok":
        return
    if gpu.state == "lost" and gpu.devices:
        yield Finding(
            code="nvml-lost",
            severity="invalid",
            evidence=gpu.detail or "NVML failed while the job ran",
            advice="the GPU or the container's access to it was lost (a daemon reload does that: "
            "start the container anew); look for Xid in the kernel's log",
        )
    elif gpu.state != "lost" and measured.attestation.device == "gpu":
        yield Finding(
            code="gpu-unmeasured",
            severity="suspect",
            evidence=f"a job on the GPU, and NVML's state is {gpu.state}: {gpu.detail}",
            advice="give the container the driver's capability utility beside compute; the time "
            "is right, GPU figures are missing",
        )


def _idle(job: Job, measured: Measurement) -> Iterator[Finding]:
    devices = measured.gpu.devices
    shares = [device.utilisation_percent for device in devices]
    known = [share for share in shares if share is not None]
    if job.device != "gpu" or measured.gpu.state != "ok" or _used(measured):
        return
    if known and len(known) == len(shares):
        seen = ", ".join(
            f"GPU {device.index} {device.utilisation_percent:.1f} %"
            + (" by others" if (device.utilisation_percent or 0) >= _IDLE_PERCENT else "")
            for device in devices
        )
        yield Finding(
            code="gpu-idle",
            severity="invalid",
            evidence=f"a GPU was asked for and none was used: {seen} in the window",
            advice="the framework trained on the CPU: see the attestation's device and log.txt",
        )


def _throttled(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    for device in _used(measured):
        reasons = {
            name: share
            for name, share in (device.throttle or {}).items()
            if name not in _HARMLESS and share >= _THROTTLED_SHARE
        }
        if reasons:
            told = ", ".join(f"{name} in {share:.0%}" for name, share in reasons.items())
            heat = device.temperature_max_c
            yield Finding(
                code="gpu-throttled",
                # A card at its power limit does what it was made for; heat and brakes are faults.
                severity="suspect" if reasons.keys() <= _ORDINARY else "invalid",
                evidence=f"GPU {device.index}: {told} of the samples"
                + (f"; up to {heat:.0f} °C" if heat is not None else ""),
                advice="cool the GPU or raise its power limit, then run again; "
                "nvidia-smi -q -d PERFORMANCE says what it is now",
            )


def _clocks(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    for device in _used(measured):
        clock, top = device.sm_clock_busy_mhz, device.sm_clock_max_mhz
        if clock is not None and top and clock < _CLOCK_SHARE * top:
            yield Finding(
                code="gpu-clocks-low",
                severity="suspect",
                evidence=f"GPU {device.index}: SM clock {clock:.0f} MHz while busy, "
                f"{clock / top:.0%} of its {top:.0f} MHz",
                advice="look at nvidia-smi -q -d CLOCK,PERFORMANCE for a limit on clocks or power",
            )


def _shared(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    for device in _used(measured):
        others, before = device.foreign_processes or 0, device.memory_before_bytes or 0
        total = device.memory_total_bytes
        taken = before > max(_TAKEN_BYTES, _TAKEN_SHARE * (total or 0))
        seen = []
        if others:
            held = device.foreign_memory_bytes
            seen.append(
                f"{others} process{'es' if others > 1 else ''} of others in the window"
                + (f", holding {held / GIB:.1f} GiB at the start" if held else "")
            )
        if taken:
            seen.append(f"{before / GIB:.1f} GiB were taken before the framework was imported")
        if seen:
            yield Finding(
                code="gpu-shared",
                severity="invalid" if others else "suspect",
                evidence=f"GPU {device.index}: {'; '.join(seen)}",
                advice=_SHARED_ADVICE,
            )


def neighbours(measured: Measurement, seen: dict[str, int] | None) -> Iterator[Finding]:
    """The same as the host saw it (``Launch.gpu_neighbours``), where the job could not."""
    for device in _used(measured):
        others = (seen or {}).get(device.uuid, 0)
        if others and not device.foreign_processes:
            yield Finding(
                code="gpu-shared",
                severity="invalid",
                evidence=f"GPU {device.index}: {others} process{'es' if others > 1 else ''} of "
                "others while it trained, seen from the host",
                advice=_SHARED_ADVICE,
            )


def _busy_before(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    for device in _used(measured):
        before = device.utilisation_before_percent
        if before is not None and before >= _BUSY_BEFORE_PERCENT:
            yield Finding(
                code="gpu-busy-before",
                severity="suspect",
                evidence=f"GPU {device.index} was {before:.0f} % busy before the job used it",
                advice="somebody else works on this GPU: wait, or choose another with --gpus",
            )


def _jit(job: Job, measured: Measurement) -> Iterator[Finding]:
    later = [epoch.duration_s for epoch in measured.epochs[1:]]
    if job.device != "gpu" or not later:
        return
    first, steady = measured.epochs[0].duration_s, median(later)
    if first - steady > _JIT_EXCESS_S and first > _JIT_FACTOR * steady:
        kinds = {d.compute_capability for d in _used(measured) if d.compute_capability}
        built = measured.attestation.framework.get("native_capabilities") or []
        lacks = built and not all(architectures.native(kind, built) for kind in kinds)
        yield Finding(
            code="first-epoch-jit",
            severity="suspect",
            evidence=f"the first epoch took {first:.1f} s, the others {steady:.1f} s"
            + (f"; compute capability {', '.join(sorted(kinds))}" if kinds else "")
            + (f", and the framework has machine code for {', '.join(built)}" if lacks else ""),
            advice=f"the framework {'lacks' if lacks else 'may lack'} code for this GPU, so that "
            "the driver compiled its PTX in the first epoch: the next job finds it compiled; or "
            "use an image built for this GPU",
        )


def _driver(job: Job, measured: Measurement) -> Iterator[Finding]:
    cuda, driver = job.pins.cuda, measured.gpu.driver
    minimum = minimum_driver(cuda) if cuda else None
    if job.device == "gpu" and driver and minimum and is_older(driver, minimum):
        yield Finding(
            code="driver-too-old",
            severity="suspect",
            evidence=f"driver {driver}; CUDA {cuda} needs {minimum} or newer",
            advice="update the driver of the host, or use an image with an older CUDA; without "
            "that only NVIDIA's forward-compatibility package makes it run",
        )


def _steal(job: Job, measured: Measurement) -> Iterator[Finding]:  # noqa: ARG001
    use = measured.cpu
    offered = use.visible_cores * measured.phases.fit_s
    if use.steal_s is not None and use.steal_s > max(_STEAL_MIN_S, _STEAL_SHARE * offered):
        yield Finding(
            code="cpu-steal",
            severity="suspect",
            evidence=f"the hypervisor gave {use.steal_s:.1f} s of this machine's CPU time to "
            f"others in the fit window, {use.steal_s / offered:.0%} of it",
            advice="run on a machine with cores of its own, or when its neighbours are quiet",
        )


def _used(measured: Measurement) -> list[GpuDevice]:
    return [device for device in measured.gpu.devices if device.used]


GUARDS: tuple[Callable[[Job, Measurement], Iterator[Finding]], ...] = (
    _lost,
    _idle,
    _throttled,
    _clocks,
    _shared,
    _busy_before,
    _jit,
    _driver,
    _steal,
)
