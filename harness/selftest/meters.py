"""The CPU meters against loads of known size: one thread that spins, N that work a fifth."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from harness import paths
from harness.selftest.outcome import Outcome
from runner.contract.measurement import CpuUse

Load = Literal["spin", "duty"]

QUIET_SHARE = 0.06
"""Load of others, as a share of one core, from which on the meters' figures are not the load's."""

_DUTY_LEAST = 0.15
"""Of the duty load's own share: it means to work a fifth of the time."""

_NAMES: dict[Load, str] = {"spin": "CPU meters, one spinning thread", "duty": "CPU meters, 20 %"}


class Said(BaseModel):
    """What ``python -m runner.calibrate`` prints; runner/calibrate.py says what it means."""

    model_config = ConfigDict(extra="forbid")

    seconds: float
    truth: list[float]
    foreign: float
    cpu: CpuUse


def calibrate(load: Load, seconds: float, tries: int) -> Outcome:
    """Run the load, again while others work on this machine, up to some tries, and judge it."""
    with tempfile.TemporaryDirectory(prefix="benchdl-selftest-") as folder:
        for _ in range(tries):
            done = subprocess.run(
                [sys.executable, "-m", "runner.calibrate", load, "--seconds", str(seconds),
                 "--out", str(Path(folder) / "samples.csv")],
                env={**os.environ, "PYTHONPATH": str(paths.root())},
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )  # fmt: skip
            try:
                said = Said.model_validate_json(done.stdout)
            except ValidationError:
                last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
                return Outcome(_NAMES[load], "FAIL", f"the load did not run: {last}")
            if said.foreign < QUIET_SHARE:
                break
    return judge(load, said)


def judge(load: Load, said: Said) -> Outcome:
    """Compare what the meters say with what the kernel charged the load itself."""
    name, use, threads = _NAMES[load], said.cpu, len(said.truth)
    if use.busy_cores is None or use.busiest_core_percent is None or use.job_cpu_s is None:
        return Outcome(name, "FAIL", "the meters had no figures")
    truth, job = 100 * max(said.truth), use.job_cpu_s / said.seconds
    words = (
        f"{threads} thread{'s' if threads > 1 else ''} of {truth:.0f} % read as CPUs "
        f"{use.busy_cores:g}, CPU1 {use.busiest_core_percent:.1f} %; CPU time {job:.3f} s per "
        f"second, true {sum(said.truth):.3f}"
    )
    if load == "duty" and min(said.truth) < _DUTY_LEAST:
        return Outcome(name, "INCONCLUSIVE", f"{words}; others left the load itself too little")
    # What others add can raise the figures by so much; nothing can lower them.
    room = said.foreign
    right = (
        threads <= use.busy_cores <= threads + room / 0.1
        and truth - 2 <= use.busiest_core_percent <= min(100.0, truth + 4 + 100 * room)
        and abs(job - sum(said.truth)) <= 0.05
    )
    if not right:
        return Outcome(name, "FAIL", f"{words}; others {room:.2f} cores")
    if room >= QUIET_SHARE:
        return Outcome(
            name, "INCONCLUSIVE", f"{words}; not contradicted, but others used {room:.2f} cores"
        )
    return Outcome(name, "PASS", words)
