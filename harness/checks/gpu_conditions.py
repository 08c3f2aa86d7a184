"""In which conditions did the GPUs of a job work: shared, hot, slowed, without code of their own?

A figure that NVML did not give is no finding. What others do on a GPU counts only where the job
used that GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from harness.checks.case import Case
from harness.nvidia import architectures
from harness.nvidia.cuda_drivers import is_older, minimum_driver
from runner.contract.measurement import GpuDevice
from runner.contract.result import Finding

GIB = 2**30

_BUSY_BEFORE_PERCENT = 10.0
_TAKEN_BYTES, _TAKEN_SHARE = GIB, 0.03  # the driver itself keeps below 1 % of a large GPU
_THROTTLED_SHARE = 0.05
_CLOCK_SHARE = 0.6
_JIT_EXCESS_S, _JIT_FACTOR = 20.0, 5.0
# Neither slows a GPU that works: it is idle, or somebody chose its clocks (see gpu-clocks-low).
_ORDINARY = {"SW power cap", "sync boost", "unknown"}
_HARMLESS = {"idle", "applications clocks setting", "display clock setting"}
_SHARED_ADVICE = (
    "nvidia-smi on the host shows whose they are; end them or choose another GPU with --gpus, "
    "then run again"
)


def throttled(case: Case) -> Iterator[Finding]:
    """No GPU that the job used was slowed for its heat or its power."""
    for device in _used(case):
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


def clocks(case: Case) -> Iterator[Finding]:
    """A GPU that the job used ran at nearly its highest clock while it was busy."""
    for device in _used(case):
        clock, top = device.sm_clock_busy_mhz, device.sm_clock_max_mhz
        if clock is not None and top and clock < _CLOCK_SHARE * top:
            yield Finding(
                code="gpu-clocks-low",
                severity="suspect",
                evidence=f"GPU {device.index}: SM clock {clock:.0f} MHz while busy, "
                f"{clock / top:.0%} of its {top:.0f} MHz",
                advice="look at nvidia-smi -q -d CLOCK,PERFORMANCE for a limit on clocks or power",
            )


def shared(case: Case) -> Iterator[Finding]:
    """Nobody else was on a GPU that the job used, as far as the job could see."""
    for device in _used(case):
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


def shared_by_the_host(case: Case) -> Iterator[Finding]:
    """The same as the host saw it, where the job could not."""
    for device in _used(case):
        others = (case.launch.gpu_neighbours or {}).get(device.uuid, 0)
        if others and not device.foreign_processes:
            yield Finding(
                code="gpu-shared",
                severity="invalid",
                evidence=f"GPU {device.index}: {others} process{'es' if others > 1 else ''} of "
                "others while it trained, seen from the host",
                advice=_SHARED_ADVICE,
            )


def busy_before(case: Case) -> Iterator[Finding]:
    """A GPU that the job used was idle until the job used it."""
    for device in _used(case):
        before = device.utilisation_before_percent
        if before is not None and before >= _BUSY_BEFORE_PERCENT:
            yield Finding(
                code="gpu-busy-before",
                severity="suspect",
                evidence=f"GPU {device.index} was {before:.0f} % busy before the job used it",
                advice="somebody else works on this GPU: wait, or choose another with --gpus",
            )


def compiled_first(case: Case) -> Iterator[Finding]:
    """The driver did not have to compile the framework's code in the first epoch.

    A framework whose own compiler writes all code for the GPU at hand has none for the driver.
    """
    later_s = [lap.duration_s for lap in case.measured.laps[1:]]
    attested = case.measured.attestation.framework
    if case.job.device != "gpu" or not later_s or attested.get("compiler"):
        return
    first_s, steady_s = case.measured.laps[0].duration_s, median(later_s)
    if first_s - steady_s > _JIT_EXCESS_S and first_s > _JIT_FACTOR * steady_s:
        kinds = {card.compute_capability for card in _used(case) if card.compute_capability}
        built = attested.get("native_capabilities") or []
        has = bool(built and kinds) and all(architectures.native(kind, built) for kind in kinds)
        by_driver = (
            f"the framework {'lacks' if built and kinds else 'may lack'} code for this GPU, so "
            "that the driver compiled its PTX in the first epoch: the next job finds it compiled; "
            "or use an image built for this GPU"
        )
        yield Finding(
            code="first-epoch-jit",
            severity="info" if has else "suspect",
            evidence=f"the first epoch took {first_s:.1f} s, the others {steady_s:.1f} s"
            + (f"; compute capability {', '.join(sorted(kinds))}" if kinds else "")
            + (f", and the framework has machine code for {', '.join(built)}" if built else ""),
            advice="the framework has code for this GPU: what it compiled or searched for was its "
            "own, as in each job of it, and Time (s) holds it"
            if has
            else by_driver,
        )


def driver(case: Case) -> Iterator[Finding]:
    """The driver is new enough for the image's CUDA."""
    cuda, version = case.job.pins.cuda, case.measured.gpu.driver
    minimum = minimum_driver(cuda) if cuda else None
    if case.job.device == "gpu" and version and minimum and is_older(version, minimum):
        yield Finding(
            code="driver-too-old",
            severity="suspect",
            evidence=f"driver {version}; CUDA {cuda} needs {minimum} or newer",
            advice="update the driver of the host, or use an image with an older CUDA; without "
            "that only NVIDIA's forward-compatibility package makes it run",
        )


def _used(case: Case) -> list[GpuDevice]:
    return [device for device in case.measured.gpu.devices if device.used]
