"""What drivers and frameworks say when a GPU cannot be used, and what to do about it.

The texts are those of CUDA's runtime, of NVML, of nvidia-container-toolkit and of the frameworks.
They are looked for in the last words of a job that died, and in what NVML answers to ``doctor``.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Trouble(NamedTuple):
    """One known trouble: what it means and the fix."""

    meaning: str
    fix: str


_KNOWN: tuple[tuple[tuple[str, ...], Trouble], ...] = (
    (
        ("Failed to initialize NVML: Unknown Error", "starting NVML: Unknown Error"),
        Trouble(
            "the container lost its GPUs: the engine's daemon or systemd was reloaded",
            "run again; with cgroup v2 set the engine's native.cgroupdriver=cgroupfs, or use CDI",
        ),
    ),
    (
        ("Driver/library version mismatch", "NVML/RM version mismatch",
         "error 803", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
         "unsupported display driver / cuda driver combination"),
        Trouble(
            "the driver's kernel module and its libraries are of different versions",
            "reboot (or reload the nvidia modules) after the driver's update",
        ),
    ),
    (
        ("error 804", "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
         "forward compatibility was attempted on non supported HW"),
        Trouble(
            "a CUDA compatibility library is used on a GPU that does not support it",
            "update the NVIDIA driver; remove cuda-compat from the image and LD_LIBRARY_PATH",
        ),
    ),
    (
        ("CUDA driver version is insufficient", "CUDA_ERROR_INSUFFICIENT_DRIVER",
         "The NVIDIA driver on your system is too old",
         "unsatisfied condition: cuda"),
        Trouble(
            "the GPU driver is older than the image's CUDA needs",
            "update the NVIDIA driver: benchdl doctor says which version",
        ),
    ),
    (
        ("no kernel image is available for execution", "CUDA_ERROR_NO_BINARY_FOR_GPU"),
        Trouble(
            "the framework holds no code for this GPU's compute capability",
            "benchdl doctor says which images run on this GPU",
        ),
    ),
    (
        ("CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected",
         "Found no NVIDIA driver on your system", "No CUDA GPUs are available",
         "No visible GPU devices", "operation cuInit(0) failed: Unknown CUDA error 303",
         "Could not find cuda drivers on your machine"),
        Trouble(
            "CUDA sees no GPU in the job",
            "check it with benchdl doctor; try another --injection",
        ),
    ),
    (
        ("GPU is lost", "Xid", "fallen off the bus"),
        Trouble("a GPU broke down or fell off the bus", "dmesg says Xid; reset or reboot"),
    ),
    (
        ("Driver Not Loaded", "couldn't communicate with the NVIDIA driver"),
        Trouble("the NVIDIA driver is not loaded", "modprobe nvidia, or install the driver"),
    ),
)  # fmt: skip


def recognise(text: str) -> Trouble | None:
    """The first known trouble in ``text``, or None."""
    for needles, trouble in _KNOWN:
        if any(re.search(re.escape(needle) + r"(?!\w)", text) for needle in needles):
            return trouble
    return None
