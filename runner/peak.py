"""The most that a device of the job can multiply: ``python -m runner.peak [--tf32] DEVICE...``.

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
from typing import Callable, List

from pydantic import TypeAdapter

from runner.contract.device_peak import MultipliedIn, Peak
from runner.contract.job import Job
from runner.contract.measurement import GpuUse
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

    On a GPU in the precision in which the job may multiply; on the CPU with the job's threads, or
    one for each core that it may use.
    """
    devices = (
        ["cpu"] if job.device == "cpu" else [device.uuid for device in gpu.devices if device.used]
    )
    if not devices:
        return []
    tf32 = job.settings.tf32 and job.device == "gpu"
    command = [sys.executable, "-m", "runner.peak", *(["--tf32"] if tf32 else []), *devices]
    threads = str(job.threads or len(os.sched_getaffinity(0)))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    surroundings = {**os.environ, **dict.fromkeys(names, threads)}
    surroundings.pop(TF32_VARIABLE, None)
    if not tf32:
        surroundings[TF32_VARIABLE] = "0"
    try:
        done = subprocess.run(
            command,
            env=surroundings,
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
    """What NumPy's BLAS reaches with the threads that its variables give it."""
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


def on_gpu(uuid: str, multiplied_in: MultipliedIn) -> Peak:
    """What cuBLAS reaches on this GPU.

    Raises:
        CublasError: it cannot be had.
    """
    product = Product(uuid, tf32=multiplied_in == "tf32")
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


def main() -> int:
    """Measure the devices of the command line, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m runner.peak")
    parser.add_argument("devices", nargs="+", metavar="DEVICE")
    parser.add_argument("--tf32", action="store_true", help="on a GPU, multiply in TF32")
    asked = parser.parse_args()
    wanted: MultipliedIn = "tf32" if asked.tf32 else "float32"
    try:
        peaks = [on_cpu() if name == "cpu" else on_gpu(name, wanted) for name in asked.devices]
    except CublasError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps([peak.model_dump() for peak in peaks]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
