"""Before a job starts: a pause to cool down, then until the machine is idle, with a bound.

The machine that stays busy does not stop a campaign: the job runs, and its result says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil

from harness import interrupts
from harness.hosts.quiet import busy, is_quiet
from harness.nvidia import host_driver
from runner.contract.result import Idle

_LOOK_S = 0.5


def wait(
    *,
    cool_down_s: float,
    wait_s: float,
    gpus: list[str] | None,
    use_gpu: bool,
    alone: bool,
    say: Callable[[str], None],
    stop: threading.Event | None = None,
    cores: list[int] | None = None,
) -> Idle:
    """Pause, then look until nothing else uses the machine, for ``wait_s`` at the most.

    Args:
        cool_down_s: length of the pause.
        wait_s: how long a busy machine is waited for; 0 is one look.
        gpus: indices or UUIDs of the job's GPUs; None is all.
        use_gpu: whether the job uses a GPU at all.
        alone: no other job of ours runs; only then the CPUs' load is others'.
        say: is told once if there is something to wait for.
        stop: ends the waiting.
        cores: the numbers of those that the job may use; None is all.

    Raises:
        KeyboardInterrupt: a signal came, or ``stop`` was set.
    """
    if cool_down_s >= 1:
        say(f"cooling down for {cool_down_s:.0f} s")
    interrupts.sleep(cool_down_s, stop)
    begin = time.monotonic()
    told = False
    while True:
        cpu = _cpu_percent(cores, stop) if alone else None
        gpu = _gpu_percent(gpus) if use_gpu else None
        quiet = is_quiet(cpu, gpu)
        waited = time.monotonic() - begin
        if quiet or waited >= wait_s:
            return Idle(
                reached=quiet,
                cool_down_s=cool_down_s,
                waited_s=round(waited, 3),
                cpu_percent=cpu,
                gpu_percent=gpu,
            )
        if not told:
            say(f"waiting up to {wait_s:.0f} s for an idle machine: {busy(cpu, gpu)}")
            told = True
        if not alone:
            interrupts.sleep(_LOOK_S, stop)


def _cpu_percent(cores: list[int] | None, stop: threading.Event | None) -> float:
    """Mean load of these cores over the next half second; others have no part in the job."""
    psutil.cpu_percent(percpu=True)
    interrupts.sleep(_LOOK_S, stop)
    load = psutil.cpu_percent(percpu=True)
    chosen = [load[core] for core in cores or [] if core < len(load)] or load
    return float(sum(chosen) / len(chosen))


def _gpu_percent(gpus: list[str] | None) -> float | None:
    """Utilisation of the busiest of these GPUs; None where NVML does not tell."""
    shown = host_driver.examine().gpus
    chosen = [gpu for gpu in shown if gpus is None or {str(gpu.index), gpu.uuid} & set(gpus)]
    known = [gpu.utilisation_percent for gpu in chosen if gpu.utilisation_percent is not None]
    return max(known, default=None)
