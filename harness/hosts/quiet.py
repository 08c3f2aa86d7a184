"""When a machine counts as quiet, and how to say that it is not."""

from __future__ import annotations

CPU_PERCENT = 10.0
"""Of the cores that jobs may use: the share that harness/checks/contention.py calls foreign load
while a job trains."""

GPU_PERCENT = 10.0
"""NVML's utilisation: what harness/checks/gpu_conditions.py calls busy before a job."""


def is_quiet(cpu_percent: float | None, gpu_percent: float | None) -> bool:
    """Whether nothing worth a wait runs; what is not known (None) is no reason to wait."""
    return (cpu_percent or 0.0) < CPU_PERCENT and (gpu_percent or 0.0) < GPU_PERCENT


def busy(cpu_percent: float | None, gpu_percent: float | None) -> str:
    """What is busy, in words; empty on a quiet machine."""
    words = []
    if cpu_percent is not None and cpu_percent >= CPU_PERCENT:
        words.append(f"CPUs {cpu_percent:.0f} % busy")
    if gpu_percent is not None and gpu_percent >= GPU_PERCENT:
        words.append(f"a GPU {gpu_percent:.0f} % busy")
    return " and ".join(words)
