"""What the host's NVIDIA driver shows, through NVML."""

from __future__ import annotations

import pynvml


def gpus() -> tuple[int, str]:
    """How many GPUs the host's driver shows, or 0 and why."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return 0, f"no NVIDIA driver answers ({error})"
    try:
        count = int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError as error:
        return 0, f"NVML failed ({error})"
    finally:
        pynvml.nvmlShutdown()
    return count, "" if count else "the NVIDIA driver shows no GPU"
