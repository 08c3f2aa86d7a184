"""The most that a device can multiply: ``python -m runner.peak [OPTIONS] DEVICE...``.

A process of its own, once the trainer is gone: CUDA never comes into the judge, and what may crash
cannot take the result along. ``DEVICE`` is ``cpu`` or a GPU's UUID. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from typing import Callable, List, Optional

from pydantic import TypeAdapter

from runner.contract.device_peak import Peak
from runner.contract.job import Job
from runner.contract.measurement import GpuUse
from runner.contract.precision import PRECISIONS, Precision
from runner.cublas import CublasError, Product
from runner.libraries import TF32_VARIABLE

_TIMEOUT_S = 60.0
_CPU_SIZE = 1024
_CPU_S, _GPU_S = 0.3, 1.0
_WINDOW_S = 0.02
_LEAST_WINDOWS = 3
_PEAKS = TypeAdapter(List[Peak])


def of_job(job: Job, gpu: GpuUse) -> List[Peak]:
    """What the devices reach on which ``job`` trained; none, and a line in the log, if it fails.

    In the precision in which the job may multiply; on the CPU with the job's threads. NumPy, which
    multiplies there, knows float32 alone: of another one there is no peak.
    """
    precision = job.settings.precision
    devices = (
        ["cpu"] if job.device == "cpu" else [device.uuid for device in gpu.devices if device.used]
    )
    if not devices or (job.device == "cpu" and precision != "float32"):
        return []
    threads = ["--threads", str(job.threads)] if job.threads else []
    try:
        done = subprocess.run(
            [sys.executable, "-m", "runner.peak", "--precision", precision, *threads, *devices],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_S,
        )
        return _PEAKS.validate_json(done.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or [f"exit status {error.returncode}"])[-1]
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        reason = " ".join(str(error).split())[:500]
    sys.stderr.write(f"runner: the device's peak is not known: {reason}\n")
    return []


def rate(
    multiply: Callable[[], object],
    wait: Callable[[], object],
    flop: float,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """Floating-point operations a second: the median over short windows, of ``seconds`` in all.

    Args:
        multiply: starts one product; its first call may take longer and is not counted.
        wait: returns when all that was started is done.
        flop: operations of one product.
        seconds: for how long, at least.
        clock: in seconds.
    """
    multiply()
    wait()
    start = clock()
    multiply()
    wait()
    # A window is long beside the clock's resolution and the wait.
    times = max(1, math.ceil(_WINDOW_S / max(clock() - start, 1e-9)))
    rates: List[float] = []
    until = clock() + seconds
    while clock() < until or len(rates) < _LEAST_WINDOWS:
        start = clock()
        for _ in range(times):
            multiply()
        wait()
        rates.append(times * flop / (clock() - start))
    return statistics.median(rates)


def on_cpu() -> Peak:
    """What NumPy's BLAS reaches in float32 with the threads that its variables give it."""
    import numpy  # noqa: PLC0415 - a GPU's peak needs none

    draw = numpy.random.RandomState(0)
    left, right, out = (
        draw.uniform(-1, 1, (_CPU_SIZE, _CPU_SIZE)).astype("float32") for _ in range(3)
    )
    began = time.monotonic()
    found = rate(
        lambda: numpy.matmul(left, right, out=out), lambda: None, 2.0 * _CPU_SIZE**3, _CPU_S
    )
    return Peak(
        device="cpu",
        multiplied_in="float32",
        flop_per_s=found,
        size=_CPU_SIZE,
        seconds=time.monotonic() - began,
        library=f"numpy {numpy.__version__}",
        threads=int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))),
    )


def on_gpu(uuid: str, multiplied_in: Precision) -> Peak:
    """What cuBLAS reaches on this GPU.

    Raises:
        CublasError: it cannot be had.
    """
    product = Product(uuid, multiplied_in)
    began = time.monotonic()
    found = rate(product.multiply, product.wait, 2.0 * product.size**3, _GPU_S)
    return Peak(
        device=uuid,
        multiplied_in=multiplied_in,
        flop_per_s=found,
        size=product.size,
        seconds=time.monotonic() - began,
        library=product.library,
    )


def _surround(precision: Precision, threads: Optional[int]) -> None:
    """Set what libraries read when they are loaded, whatever was set before."""
    count = str(threads or len(os.sched_getaffinity(0)))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = count
    os.environ.pop(TF32_VARIABLE, None)
    if precision == "float32":
        os.environ[TF32_VARIABLE] = "0"


def main() -> int:
    """Measure the devices of the command line, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m runner.peak")
    parser.add_argument("devices", nargs="+", metavar="DEVICE")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="of a GPU")
    parser.add_argument("--threads", type=int, help="of the CPU (default: one for each core)")
    asked = parser.parse_args()
    _surround(asked.precision, asked.threads)
    try:
        peaks = [
            on_cpu() if name == "cpu" else on_gpu(name, asked.precision) for name in asked.devices
        ]
    except CublasError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps([peak.model_dump() for peak in peaks]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
