"""From samples to the GPU figures of a result: pure functions of samples and a window.

Zeros count, missing figures do not, and a figure without any sample is ``None``.
"""

from __future__ import annotations

from statistics import mean
from typing import Any, Dict, List, Optional, Tuple

from typing_extensions import Literal

from runner.contract.measurement import GpuDevice, GpuUse
from runner.contract.samples import FOREIGN, Samples, gpu_column
from runner.meters import gpu_periods
from runner.meters.cpu_figures import MIN_WINDOW_S
from runner.meters.gpu_processes import LOOK_S
from runner.meters.nvml import throttle_shares

USED_UTILISATION_PERCENT = 1.0
USED_MEMORY_BYTES = 32 * 2**20
"""A GPU was used if its mean utilisation reached the first and its memory grew since the
sampler's first sample by the second; a CUDA context alone takes more. A framework that only takes
memory on every GPU that it sees has not used them."""

SETTLE_S = 1.0
"""NVML's utilisation looks back for up to this long: to what ended before the sampler began."""

EnergySource = Literal["counter", "power"]


def gpu_use(samples: Samples, start_s: float, end_s: float) -> GpuUse:
    """All visible GPUs over a window.

    ``state`` is the state at the end of the sampling: GPUs lost at any time make it ``lost``.
    Without the sampler's facts (it never started) it is ``lost`` too, since nobody looked.
    """
    facts = samples.gpu
    if not facts:
        return GpuUse(state="lost", detail="the sampler left no record of the GPUs")
    foreign = facts.get("foreign_at_start") or [None] * len(facts["devices"])
    return GpuUse(
        state=facts["state"],
        detail=facts.get("detail", ""),
        driver=facts.get("driver"),
        devices=[
            _device(samples, start_s, end_s, {**device, "foreign": others})
            for device, others in zip(facts["devices"], foreign)
        ],
    )


def _device(samples: Samples, start: float, end: float, facts: Dict[str, Any]) -> GpuDevice:
    index = facts["index"]

    def inside(quantity: str, since: float = start) -> List[float]:
        return samples.inside(gpu_column(index, quantity), since, end)

    utilisation, memory, power = inside("util_percent"), inside("memory_bytes"), inside("power_w")
    periods = gpu_periods.utilisation(samples, index, start, end)
    mean_percent = _mean(utilisation) if periods is None else periods
    temperature, clock = inside("temperature_c"), inside("sm_clock_mhz")
    masks = [int(mask) for mask in inside("throttle_mask")]
    baseline = next(iter(samples.columns.get(gpu_column(index, "memory_bytes"), [])), None)
    # Evidence that is missing (MIG has no utilisation) does not speak against use.
    evidence = [] if mean_percent is None else [mean_percent >= USED_UTILISATION_PERCENT]
    if memory and baseline is not None:
        evidence.append(max(memory) - baseline >= USED_MEMORY_BYTES)
    told = mean_percent if end - start >= MIN_WINDOW_S else None
    energy_j, source = _energy(samples, start, end, index)
    foreign = inside(FOREIGN, start - LOOK_S)
    at_start = facts["foreign"] or {}
    return GpuDevice(
        index=index,
        uuid=facts["uuid"],
        name=facts["name"],
        compute_capability=facts.get("compute_capability"),
        utilisation_percent=told,
        utilisation_source=None if told is None else "readings" if periods is None else "periods",
        utilisation_before_percent=_before(samples, start, index, baseline),
        memory_before_bytes=None if baseline is None else int(baseline),
        memory_peak_bytes=int(max(memory)) if memory else None,
        memory_total_bytes=facts.get("memory_total_bytes"),
        power_mean_w=_mean(power),
        energy_j=energy_j,
        energy_source=source,
        temperature_mean_c=_mean(temperature),
        temperature_max_c=max(temperature) if temperature else None,
        sm_clock_mean_mhz=_mean(clock),
        sm_clock_busy_mhz=_mean(_busy_clock(samples, start, end, index)),
        sm_clock_max_mhz=facts.get("sm_clock_max_mhz"),
        throttle=throttle_shares(masks) if masks else None,
        foreign_processes=int(max(foreign)) if foreign else None,
        foreign_processes_before=at_start.get("processes"),
        foreign_memory_bytes=at_start.get("memory_bytes"),
        used=bool(evidence) and all(evidence),
    )


def _mean(values: List[float]) -> Optional[float]:
    return mean(values) if values else None


def _energy(
    samples: Samples, start: float, end: float, index: int
) -> Tuple[Optional[float], Optional[EnergySource]]:
    """Joules over the window and where they come from: NVML's counter, else integrated power."""
    window = samples.covered(start, end)
    if window is None:
        return None, None
    counted = samples.growth(gpu_column(index, "energy_j"), *window)
    if counted:  # one that stands still does not count
        return counted, "counter"
    integrated = samples.integral(gpu_column(index, "power_w"), *window)
    return integrated, None if integrated is None else "power"


def _before(
    samples: Samples, start: float, index: int, baseline: Optional[float]
) -> Optional[float]:
    """Mean before the job's first use: until the memory grew, at the latest the window.

    By NVML's periods that had ended then, since later ones may hold the job's own kernels; without
    them by readings.
    """
    if not samples.times:
        return None
    until = start
    for moment, taken in zip(
        samples.times, samples.columns.get(gpu_column(index, "memory_bytes"), [])
    ):
        if taken is not None and baseline is not None and taken - baseline >= USED_MEMORY_BYTES:
            until = min(until, moment)
            break
    # A reading is not all of one moment: the last one before may hold the job's first kernels.
    until -= 1.5 * samples.interval_target_s
    periods = gpu_periods.utilisation_until(samples, index, samples.times[0], until)
    if periods is not None:
        return periods
    readings = gpu_column(index, "util_percent")
    return _mean(samples.inside(readings, samples.times[0] + SETTLE_S, until))


def _busy_clock(samples: Samples, start: float, end: float, index: int) -> List[float]:
    """The SM clock at the samples of the window at which the GPU was busy: an idle one slows."""
    clocks = samples.columns.get(gpu_column(index, "sm_clock_mhz"), [])
    busy = samples.columns.get(gpu_column(index, "util_percent"), [])
    return [
        clock
        for moment, clock, utilisation in zip(samples.times, clocks, busy)
        if start <= moment <= end and clock is not None and utilisation
    ]
