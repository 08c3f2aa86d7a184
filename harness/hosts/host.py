"""The host that jobs run on, as an object that is handed in: what it is, lends and keeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.allotment import grant
from harness.hosts import compiled, idle, this_machine
from runner.contract.host_type import HostType
from runner.contract.job import Job
from runner.contract.result import Allotment, Idle


@dataclass(frozen=True)
class Host:
    """This host.

    Attributes:
        machine: what it is, as tables and results call it.
        allotment: what a job is kept within: cores, memory, GPUs.
        unkept: the folder for compiled code that no later job may load; None is the cache.
    """

    machine: HostType = field(default_factory=this_machine.read)
    allotment: Allotment = field(default_factory=grant.read)
    unkept: Path | None = None

    @property
    def words(self) -> str:
        """All that tells it from other hosts in a table."""
        return this_machine.words(self.machine)

    def apart(self, folder: Path | None) -> Host:
        """The same host, with another folder for compiled code."""
        return replace(self, unkept=folder)

    def within(self, cores: list[int], gpus: int) -> Host:
        """The same host, for a job beside others that has these cores with its ``gpus`` GPUs."""
        whole = self.allotment
        quota = whole.quota_cores
        own = {
            "cores": cores,
            "cores_per_gpu": len(cores) // gpus,
            "quota_cores": quota if quota is not None and quota < len(cores) else None,
            "sources": {**whole.sources, "cores": "its own, beside other jobs"},
        }
        return replace(self, allotment=whole.model_copy(update=own))

    def compile_cache(self, job: Job) -> Path:
        """Where the frameworks of a job find and leave compiled code.

        Raises:
            BenchdlError: it cannot be made.
        """
        return compiled.folder(job, self.unkept)

    def quiet(
        self,
        job: Job,
        *,
        cool_down_s: float,
        wait_s: float,
        alone: bool,
        say: Callable[[str], None],
        stop: threading.Event | None = None,
    ) -> Idle:
        """Pause, then wait until nothing else uses what the job will use, with a bound.

        Args:
            job: who is to run; its GPUs are looked at if it uses any.
            cool_down_s: length of the pause.
            wait_s: how long a busy host is waited for.
            alone: no other job of ours runs; only then the CPUs' load is others'.
            say: is told once if there is something to wait for.
            stop: ends the waiting.

        Raises:
            KeyboardInterrupt: a signal came, or ``stop`` was set.
        """
        return idle.wait(
            cool_down_s=cool_down_s,
            wait_s=wait_s,
            gpus=job.gpus,
            use_gpu=job.device == "gpu",
            cores=self.allotment.cores,
            alone=alone,
            say=say,
            stop=stop,
        )
