"""Writes samples.csv and the facts beside it: one row for each moment that it is asked for.

Columns: ``t_s`` (CLOCK_MONOTONIC), ``cpuN_busy_s`` of each visible core and ``steal_s`` of all of
them, ``job_cpu_s`` and ``rss_bytes`` of the trainer's process tree without the sampler, those of
:class:`runner.meters.cgroups.Throttling` where a control group counts them, and per GPU those of
:class:`runner.meters.gpu_meter.GpuReading` and, once a second, ``foreign_processes``. Counters are
cumulative; an empty field is "not available". What does not change per sample stands in the JSON
file.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import List, Optional, TextIO, Union

from runner.contract.samples import (
    FOREIGN,
    JOB_CPU_COLUMN,
    RSS_COLUMN,
    STEAL_COLUMN,
    TIME_COLUMN,
    core_column,
    facts_path,
    gpu_column,
)
from runner.meters.cgroups import ThrottleReader, Throttling, quota_cores
from runner.meters.cpu import CpuReader, visible_cores
from runner.meters.gpu_meter import GpuReader, GpuReading
from runner.meters.gpu_processes import GpuProcesses
from runner.meters.memory import ProcessTree


class Recorder:
    """Takes samples of one process tree, the cores that it may use and the GPUs."""

    def __init__(self, pid: int, interval_s: float, out: Path, gpus: GpuReader) -> None:
        self._interval_s = interval_s
        self._facts_path = facts_path(out)
        self._cpu = CpuReader(visible_cores(pid) or visible_cores(0))
        self._throttle = ThrottleReader()
        self._quota_cores = quota_cores()
        self._gpus = gpus
        self._gpu_state = gpus.facts.state
        self.tree = ProcessTree(pid, exclude=os.getpid())
        self._processes = GpuProcesses(gpus)
        self.samples = 0
        self._file: TextIO = out.open("w", encoding="ascii", newline="", buffering=1)
        self._file.write(",".join(self._header()) + "\n")
        self.write_facts()

    def _header(self) -> List[str]:
        return [
            TIME_COLUMN,
            *(core_column(core) for core in self._cpu.cores),
            STEAL_COLUMN,
            JOB_CPU_COLUMN,
            RSS_COLUMN,
            *Throttling._fields,
            *(
                gpu_column(device.index, quantity)
                for device in self._gpus.facts.devices
                for quantity in (*GpuReading._fields, FOREIGN)
            ),
        ]

    def sample(self) -> None:
        """Write one row. It is flushed, so that a sampler that is killed leaves all its rows."""
        moment = time.monotonic()
        cores = self._cpu.read()
        job = self.tree.read()
        row = [f"{moment:.6f}"]
        row += [_field(value) for value in (*cores.busy_s, cores.steal_s, job.cpu_s)]
        row.append(_field(job.rss_bytes))
        row += [_field(value) for value in self._throttle.read()]
        foreign = self._processes.foreign(self.tree.pids())
        for reading, others in zip(self._gpus.read(), foreign):
            row += [_field(value) for value in (*reading, others)]
        self._file.write(",".join(row) + "\n")
        self.samples += 1
        if self._gpus.facts.state != self._gpu_state:
            self._gpu_state = self._gpus.facts.state
            self.write_facts()

    def write_facts(self, ended: Optional[str] = None) -> None:
        """Write the JSON file beside the samples, all at once."""
        times = os.times()
        facts = {
            "interval_target_s": self._interval_s,
            "cores": self._cpu.cores,
            "quota_cores": self._quota_cores,
            "gpu": {**asdict(self._gpus.facts), "foreign_at_start": self._processes.at_start},
            "ended": ended,
            "samples": self.samples,
            "sampler_cpu_s": times.user + times.system,
        }
        draft = self._facts_path.with_suffix(".json.tmp")
        draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        draft.replace(self._facts_path)

    def close(self, ended: str) -> None:
        """Finish both files; ``ended`` says why the sampling ended."""
        self._file.close()
        self.write_facts(ended)


def _field(value: Union[float, int, None]) -> str:
    """One CSV field; ``None`` is empty, zero is zero."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")
