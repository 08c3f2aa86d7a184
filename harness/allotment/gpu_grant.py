"""The GPUs that were allotted: by the variables of CUDA, Slurm and NVIDIA's runtime, or by devices.

An index is NVML's, in the order of PCI addresses. Sources: "CUDA environment variables" in
NVIDIA's CUDA programming guide, Slurm's "Generic Resource (GRES) Scheduling", and the manual of
nvidia-container-toolkit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from harness.errors import UsageError
from harness.nvidia import host_driver

CUDA = "CUDA_VISIBLE_DEVICES"
_SLURM = ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS")
_RUNTIME = "NVIDIA_VISIBLE_DEVICES"
_DRIVER = Path("/proc/driver/nvidia/gpus")  # one folder a GPU of the machine, whoever looks
_SAYS_NOTHING = ("", "all", "void")  # void is also said where CDI brings the GPUs


class GpuLimit(NamedTuple):
    """The GPUs that may be used, as jobs are told them, and what says so.

    ``hidden``: the driver has more than it shows to this process. An engine numbers those that it
    sees, so that here only a UUID is a name.
    """

    gpus: list[str]
    source: str
    hidden: bool = False


def limit(
    environment: Mapping[str, str] = os.environ, driver: host_driver.Driver | None = None
) -> GpuLimit | None:
    """What was allotted; None: all that the driver shows, and it shows all it has."""
    driver = driver or host_driver.examine()
    hidden = bool(driver.gpus) and len(driver.gpus) < _machine_has()
    stated = _stated(environment, driver)
    if stated is not None:
        words, source = stated
        chosen = _named(words, driver)
        everything = [gpu.uuid for gpu in driver.gpus]
        if hidden or not everything or {_uuid(name, driver) for name in chosen} != set(everything):
            names = [_uuid(name, driver) for name in chosen] if hidden else chosen
            return GpuLimit(names, source, hidden)
    if hidden:
        return GpuLimit(
            [gpu.uuid for gpu in driver.gpus], "devices that this process may open", True
        )
    return None


def within(
    asked: list[str] | None, allotted: GpuLimit | None, driver: host_driver.Driver | None = None
) -> list[str] | None:
    """The GPUs for a job that asks for ``asked`` (None: all), of those that are allotted.

    Raises:
        UsageError: none is allotted, or one that is asked for is not.
    """
    if allotted is None:
        return asked
    if not allotted.gpus:
        raise UsageError(
            f"no GPU was allotted ({allotted.source})", "use --device cpu, or ask for one there"
        )
    if asked is None:
        return allotted.gpus
    driver = driver or host_driver.examine()
    names = {_uuid(name, driver) for name in allotted.gpus}
    foreign = [name for name in asked if _uuid(name, driver) not in names]
    if foreign:
        raise UsageError(
            f"--gpus {','.join(asked)}: {', '.join(foreign)} was not allotted ({allotted.source})",
            f"choose from {', '.join(allotted.gpus)}",
        )
    return [_uuid(name, driver) for name in asked] if allotted.hidden else asked


def _stated(environment: Mapping[str, str], driver: host_driver.Driver) -> tuple[str, str] | None:
    """What a variable says, and its name and value in words."""
    if CUDA in environment:
        return environment[CUDA], f"{CUDA}={environment[CUDA]}"
    for name in _SLURM:
        words = environment.get(name, "").strip()
        # They number the machine's GPUs; where only so many are shown, these are the ones.
        if words and not 0 < len(driver.gpus) <= len(words.split(",")):
            return words, f"{name}={words}"
    words = environment.get(_RUNTIME, "").strip()
    if words == "none":
        return "", f"{_RUNTIME}=none"
    if words not in _SAYS_NOTHING and not 0 < len(driver.gpus) <= len(words.split(",")):
        return words, f"{_RUNTIME}={words}"
    return None


def _named(words: str, driver: host_driver.Driver) -> list[str]:
    """The GPUs of a list; as CUDA does, what follows a name that is none does not count."""
    chosen: list[str] = []
    for word in (part.strip() for part in words.split(",")):
        if word.isdigit():
            name = str(int(word)) if not driver.gpus or int(word) < len(driver.gpus) else ""
        elif word.startswith("GPU-"):  # the beginning of a UUID will do
            fitting = [gpu.uuid for gpu in driver.gpus if gpu.uuid.startswith(word)]
            name = fitting[0] if len(fitting) == 1 else "" if driver.gpus else word
        else:
            name = word if word.startswith("MIG-") else ""
        if not name:
            break
        if name not in chosen:
            chosen.append(name)
    return chosen


def _uuid(name: str, driver: host_driver.Driver) -> str:
    by_index = {str(gpu.index): gpu.uuid for gpu in driver.gpus}
    return by_index.get(name, name)


def _machine_has() -> int:
    try:
        return sum(1 for _ in _DRIVER.iterdir())
    except OSError:
        return 0
