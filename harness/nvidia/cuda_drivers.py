"""Which NVIDIA driver a CUDA version needs at least, on Linux.

From CUDA 11 on, any driver of the same major family will do ("minor version compatibility").
Sources: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
(tables 1 and 2, and the note on 450.80.02) and, before CUDA 10, the table "CUDA Toolkit and
Corresponding Driver Versions" of https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/
"""

from __future__ import annotations

MINIMUM_DRIVER = {
    "13": "580",
    "12": "525",
    "11": "450.80.02",
    "10.2": "440.33",
    "10.1": "418.39",
    "10.0": "410.48",
    "9.2": "396.26",
    "9.1": "390.46",
    "9.0": "384.81",
    "8.0": "375.26",
    "7.5": "352.31",
    "7.0": "346.46",
}


def minimum_driver(cuda: str) -> str | None:
    """The oldest driver for a CUDA version such as ``11.8`` or ``10.2.89``; ``None``: not known."""
    numbers = cuda.split(".")
    return MINIMUM_DRIVER.get(".".join(numbers[:2])) or MINIMUM_DRIVER.get(numbers[0])


def is_older(driver: str, minimum: str) -> bool:
    """Whether a driver version is below another; what is no version is not older."""
    try:
        return _numbers(driver) < _numbers(minimum)
    except ValueError:
        return False


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
