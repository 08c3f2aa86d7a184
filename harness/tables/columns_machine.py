"""Columns of what the machine did while the job trained: GPUs, cores, memory, energy."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from harness.tables.column import Column, last, measured
from runner.contract.measurement import Measurement

READINGS_MIN_S = 5.0
"""NVML's readings look back: what they show of a shorter window is not its own. On an H100 that was
96 % busy they read 82 to 88 % in 1 to 3 s, 91 % in 5 s, 96 % in 10 s (2026-11-25)."""


def _of_used(measurement: Measurement, figure: str) -> list[Any]:
    """A figure of every GPU used; nothing if one of them lacks it, since a part is no whole."""
    gpu = measurement.gpu
    values = [getattr(device, figure) for device in gpu.devices if device.used]
    return [] if gpu.state != "ok" or None in values else values


def _summed(figure: str) -> Any:
    """Reads the sum of a figure over the GPUs used."""
    return measured(lambda m: sum(_of_used(m, figure)) if _of_used(m, figure) else None)


def _gpu_percent(measurement: Measurement) -> float | None:
    """Mean over those of the GPUs used that tell their utilisation."""
    gpu, short = measurement.gpu, measurement.phases.fit_s < READINGS_MIN_S
    known = [
        device.utilisation_percent
        for device in gpu.devices
        if device.used
        and device.utilisation_percent is not None
        and not (short and device.utilisation_source != "periods")
    ]
    return fmean(known) if known and gpu.state == "ok" else None


def _job_cpus(measurement: Measurement) -> float | None:
    """Cores that the job kept busy on average: its CPU seconds a second of the training call."""
    used = measurement.cpu.job_cpu_s
    return None if used is None else used / measurement.phases.fit_s


GPU = (
    Column(
        "gpu_percent",
        "GPU",
        "mean NVML utilisation of the GPUs used, zeros kept.",
        "Over the window. Where NVML gives its own samples (`nvmlDeviceGetSamples`), they are "
        "taken, each by the share of its period that lies in the window (`utilisation_source` "
        "`periods`). Else readings, ten a second (`readings`): they look back for up to a second, "
        "and in a window of 1 to 3 s show a GPU that was always busy as 72 to 90 %, so of less "
        "than 5 s they are not shown. Nor is anything of less than 1 s. Utilisation is the share "
        "of NVML's sample period in which at least one kernel ran; it says nothing of how full "
        "the GPU was.",
        read=measured(_gpu_percent),
        unit="%",
        digits=0,
        only={"device": "gpu"},
        shown={"table": 3, "detail": 1, "runs": 6},
    ),
    Column(
        "gpus_used",
        "GPUs",
        "those used of those visible.",
        "Used: a mean utilisation of at least 1 % in the window, and at least 32 MiB more memory "
        "in use than before the framework was imported.",
        read=measured(
            lambda m: sum(d.used for d in m.gpu.devices) if m.gpu.state == "ok" else None
        ),
        digits=0,
        only={"device": "gpu"},
        shown={"table": 4, "detail": 1},
        beside="gpus_visible",
        joint="/",
        fold=last,
    ),
    Column(
        "gpus_visible",
        "GPUs visible",
        "GPUs that the job sees.",
        read=measured(lambda m: len(m.gpu.devices) if m.gpu.state == "ok" else None),
        digits=0,
        only={"device": "gpu"},
    ),
    Column(
        "gpu_name",
        "GPU name",
        "name of the first GPU visible.",
        read=measured(lambda m: m.gpu.devices[0].name if m.gpu.devices else None),
        only={"device": "gpu"},
        shown={"detail": 1},
    ),
    Column(
        "gpu_memory_peak_bytes",
        "GPU memory, peak",
        "the highest memory in use in the window, of the fullest GPU used.",
        "All processes and the driver itself are in it.",
        read=measured(lambda m: max(_of_used(m, "memory_peak_bytes"), default=None)),
        unit="GiB",
        digits=2,
        divisor=2**30,
        better="lower",
        only={"device": "gpu"},
        shown={"detail": 1},
    ),
    Column(
        "power_mean_w",
        "GPU power",
        "mean power over the window, summed over the GPUs used.",
        read=_summed("power_mean_w"),
        unit="W",
        digits=0,
        better="lower",
        only={"device": "gpu"},
        shown={"detail": 1},
    ),
    Column(
        "energy_j",
        "GPU energy",
        "energy over the window, summed over the GPUs used.",
        "`null` if one of them cannot tell.",
        read=_summed("energy_j"),
        unit="J",
        digits=0,
        better="lower",
        only={"device": "gpu"},
        shown={"chart": 4, "detail": 1},
    ),
    Column(
        "energy_source",
        "Energy from",
        "`counter`: NVML's energy counter (Volta and later); `power`: integrated samples of NVML's "
        "power, where there is no counter.",
        "On some GPUs (A100, H100) these samples cover only a part of the time.",
        read=measured(lambda m: " and ".join(sorted(set(_of_used(m, "energy_source")))) or None),
        only={"device": "gpu"},
        shown={"detail": 1},
    ),
)

CPU = (
    Column(
        "cpus",
        "CPUs",
        "median number of cores of the machine at least 10 % busy, while training.",
        "Over the intervals of the window.",
        read=measured(lambda m: m.cpu.busy_cores),
        digits=0,
        shown={"table": 5, "detail": 1, "runs": 7},
    ),
    Column(
        "cpu1_percent",
        "CPU1",
        "mean of the machine's busiest core, while training.",
        "Over the intervals of the window, of the busiest core of each.",
        read=measured(lambda m: m.cpu.busiest_core_percent),
        unit="%",
        digits=0,
        shown={"table": 6, "detail": 1},
    ),
    Column(
        "job_cpu_s",
        "CPU time",
        "CPU seconds of the job's own processes, the sampler left out.",
        read=measured(lambda m: m.cpu.job_cpu_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"detail": 1},
    ),
    Column(
        "job_cpus",
        "Job CPUs",
        "CPU seconds of the job's own processes a second of Time (s).",
        "1.0 for one thread that always works, also if it wanders over the cores (CPUs is then 2, "
        "CPU1 50 %).",
        read=measured(_job_cpus),
        digits=2,
        shown={"phases": 8, "detail": 1},
    ),
    Column(
        "rss_peak_bytes",
        "Memory, peak",
        "peak of the sum of the resident memory of the job's processes.",
        "Pages that they share count once each.",
        read=measured(lambda m: m.memory.rss_peak_bytes),
        unit="GiB",
        digits=2,
        divisor=2**30,
        better="lower",
        shown={"detail": 1},
    ),
)
