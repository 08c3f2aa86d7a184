"""How much a job trained a second, and how much of its device that is."""

from __future__ import annotations

import functools

from runner.contract.measurement import Measurement
from runner.contract.result import Result
from runner.workloads import lookup

_TERA = 1e12


def samples_per_s(measurement: Measurement) -> float | None:
    """Training samples a second, each as often as it was seen; None where nobody counted them."""
    samples = measurement.work.samples
    return None if samples is None else samples / measurement.phases.fit_s


def tflop_per_s(result: Result) -> float | None:
    """10¹² operations a second that the model states; None where its workload states none."""
    measurement = result.measurement
    samples = measurement and measurement.work.samples
    operations = samples and _operations(result.job.workload, samples)
    return operations / measurement.phases.fit_s / _TERA if measurement and operations else None


def peak_tflop_per_s(measurement: Measurement) -> float | None:
    """What all devices that trained reach together; None where one is not known."""
    used = {gpu.uuid for gpu in measurement.gpu.devices if gpu.used} or {"cpu"}
    known = {peak.device: peak.flop_per_s for peak in measurement.peaks}
    return sum(known[device] for device in used) / _TERA if used <= set(known) else None


def peak_percent(result: Result) -> float | None:
    """Share of the devices' peak, 0 to 100 and above where the peak was measured beside a load."""
    rate = tflop_per_s(result)
    peak = result.measurement and peak_tflop_per_s(result.measurement)
    return 100 * rate / peak if rate and peak else None


@functools.cache
def _operations(workload: str, samples: int) -> int | None:
    """Of training on so many samples; None if this version does not know the workload."""
    return (
        lookup.load(workload).training_operations(samples) if workload in lookup.names() else None
    )
