"""What the devices of this machine multiply, measured here and now, without any framework."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter

from harness import cache, files, paths
from harness.allotment import gpu_grant
from harness.counted import things
from harness.errors import BenchdlError, UsageError
from harness.nvidia import host_driver
from runner.contract.device_peak import Peak
from runner.contract.precision import Precision

_LIBRARY = "lib/python3*/site-packages/nvidia/*/lib/libcublas.so.*"
_NO_LIBRARY = "libcublas.so"
_TIMEOUT_S = 300.0
_PEAKS = TypeAdapter(list[Peak])


def of_machine(device: str, precisions: Sequence[Precision], threads: int | None) -> Iterator[Peak]:
    """The CPU, or each GPU, in each precision.

    Args:
        device: ``cpu`` or ``gpu``.
        precisions: of the CPU NumPy knows float32 alone.
        threads: of the CPU; None: one for each core that this process may use.

    Raises:
        UsageError: the device does not multiply in a precision here, or takes no threads,
            or more threads are asked for than there are cores.
        BenchdlError: there is no GPU, no cuBLAS, or the measurement failed.
    """
    if device == "cpu":
        for precision in precisions:
            if precision != "float32":
                raise UsageError(
                    f"--precision {precision} with device cpu: NumPy, which multiplies there, has "
                    "float32 alone",
                    "leave it out, or add --device gpu",
                )
        usable = len(os.sched_getaffinity(0))
        if threads and threads > usable:
            raise UsageError(
                f"--threads {threads}: this process may use {things(usable, 'core')}",
                "ask for no more, or leave it out: one for each of them",
            )
        words = ["--threads", str(threads)] if threads else []
        found, reason = _measured(sys.executable, [*words, "cpu"])
        if reason:
            raise BenchdlError(f"the CPU's peak is not known: {reason}")
        yield from found
        return
    if threads is not None:
        raise UsageError("--threads with device gpu", "leave it out")
    uuids = _gpus()
    for precision in precisions:
        yield from _on_gpus(uuids, precision)


def _gpus() -> list[str]:
    driver = host_driver.examine()
    allotted = gpu_grant.limit(driver=driver)
    uuids = allotted.gpus if allotted else [gpu.uuid for gpu in driver.gpus]
    if not uuids:
        reason = f"none was allotted ({allotted.source})" if allotted else driver.problem
        raise BenchdlError(f"no GPU: {reason}", "benchdl doctor says more")
    return uuids


def _on_gpus(uuids: list[str], precision: Precision) -> list[Peak]:
    """By the first of the Pythons here that has cuBLAS."""
    for python in _pythons():
        found, reason = _measured(python, ["--precision", precision, *uuids])
        if not reason:
            return found
        if _NO_LIBRARY not in reason:
            raise BenchdlError(f"the GPU's peak is not known: {reason}", "benchdl doctor says more")
    raise BenchdlError(
        "the GPU's peak is not known: no Python here has cuBLAS",
        "a local environment brings it: benchdl run torch --launcher local --device gpu",
    )


def _pythons() -> Iterator[str]:
    """Our own, then those of local environments that have NVIDIA's wheels, the newest first."""
    yield sys.executable
    environments = cache.cache_dir() / "environments"
    if files.is_dir(environments):
        having = {file.parents[6] for file in environments.glob(f"*/{_LIBRARY}")}
        for folder in sorted(having, key=os.path.getmtime, reverse=True):
            yield str(folder / "bin" / "python")


def _measured(python: str, words: list[str]) -> tuple[list[Peak], str]:
    """What ``python -m runner.peak`` prints, or nothing and the reason."""
    try:
        done = subprocess.run(
            [python, "-m", "runner.peak", *words],
            env={**os.environ, "PYTHONPATH": str(paths.root())},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], " ".join(str(error).split())[:500]
    if done.returncode:
        return [], (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return _PEAKS.validate_json(done.stdout.splitlines()[-1]), ""
