"""Loads of known size under the sampler: what the CPU meters say, beside what is true.

    python -m runner.calibrate spin|duty --out samples.csv [--seconds 6]

``spin`` is one thread that never rests, ``duty`` one on each core (four at the most) that works a
fifth of the time. The truth is each load's own CPU time, as the kernel accounts it to the process.
"""

from __future__ import annotations

import argparse
import operator
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Optional

import psutil

from runner.contract.measurement import CpuUse
from runner.contract.samples import JOB_CPU_COLUMN, read_samples
from runner.contract.schema import Model
from runner.meters.cpu_figures import cpu_use
from runner.sampler import Sampler

SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
while True: pass
"""

# 20 % by its own CPU clock, so that foreign load cannot thin it; the period varies a little, so
# that the bursts do not fall in step with the kernel's accounting ticks.
DUTY_20 = """
import os, random, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
due = time.monotonic()
while True:
    period = random.uniform(0.08, 0.12)
    until = time.process_time() + 0.2 * period
    while time.process_time() < until: pass
    due += period
    time.sleep(max(0, due - time.monotonic()))
"""

MOST_CORES = 4
SECONDS = 6.0
_STARTED_S = 0.3
_SLACK_S = 0.05
_START_TIMEOUT_S = 60.0


class Calibration(Model):
    """What one load was and what the meters said of it.

    ``truth`` is each load's share of a core by its own CPU time, ``foreign`` the load of others as
    a share of one core, ``seconds`` the length of the window.
    """

    seconds: float
    truth: List[float]
    foreign: float
    cpu: CpuUse


def cores_of(load: str) -> List[int]:
    """The cores that a load uses here."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[-1:] if load == SPIN else mine[:MOST_CORES]


def calibrate(load: str, out: Path, seconds: float = SECONDS) -> Calibration:
    """Run ``load`` (``SPIN`` or ``DUTY_20``) under the sampler, one process a core.

    Raises:
        RuntimeError: the sampler broke.
    """
    with Sampler(out, gpu=False) as sampler:
        ours = _seen(out) - time.process_time()
        loads = [
            psutil.Popen([sys.executable, "-c", load, str(core)], stdin=subprocess.DEVNULL)
            for core in cores_of(load)
        ]
        try:
            _wait_until_seen(loads, out, ours)
            start = time.monotonic()
            before = [sum(process.cpu_times()[:2]) for process in loads]
            time.sleep(seconds)
            after = [sum(process.cpu_times()[:2]) for process in loads]
            end = time.monotonic()
        finally:
            for process in loads:
                process.kill()
                process.wait()
    if sampler.end is None or not sampler.end.ok:
        raise RuntimeError(sampler.end.detail if sampler.end else "the sampler did not end")
    use = cpu_use(read_samples(out), start, end)
    truth = [burned / (end - start) for burned in map(operator.sub, after, before)]
    foreign = max(0.0, (use.host_cpu_s or 0.0) / (end - start) - sum(truth))
    return Calibration(seconds=end - start, truth=truth, foreign=foreign, cpu=use)


def _seen(out: Path) -> float:
    """CPU seconds of this process and its children, dead ones too, by the newest sample."""
    known = read_samples(out).columns.get(JOB_CPU_COLUMN) or [None]
    return known[-1] or 0.0


def _wait_until_seen(loads: List[psutil.Popen], out: Path, ours: float) -> None:
    """Until each load is past its imports and its CPU time is in the samples.

    The sampler looks for new processes once a second, and later on a machine that is very busy.
    ``ours`` is what the samples hold of earlier children.
    """
    deadline = time.monotonic() + _START_TIMEOUT_S
    burned: Optional[float] = None
    while time.monotonic() < deadline:
        spent = [sum(process.cpu_times()[:2]) for process in loads]
        if burned is None and min(spent) >= _STARTED_S:
            burned = sum(spent)
        if burned and _seen(out) >= ours + time.process_time() + burned - _SLACK_S:
            return
        time.sleep(0.1)
    raise RuntimeError(f"the loads were not seen within {_START_TIMEOUT_S:.0f} s")


def main() -> int:
    """Run one load and print what came of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m runner.calibrate")
    parser.add_argument("load", choices=["spin", "duty"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    load = SPIN if asked.load == "spin" else DUTY_20
    sys.stdout.write(calibrate(load, asked.out, asked.seconds).model_dump_json() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
