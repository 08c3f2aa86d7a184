"""On a host, inside a job of the engine: what it gave, and who else is here.

Sources: "Output environment variables" of sbatch(1), and squeue(1). A partition with
``OverSubscribe=FORCE`` overrules ``--exclusive``, and only a look into the queue tells.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psutil

from harness.allotment import core_grant
from harness.errors import BenchdlError
from harness.fleet import slurm_command, slurm_words
from harness.nvidia import host_driver

_GPU = re.compile(r"\d+|(GPU|MIG)-.+")
_HERE = ("RUNNING", "SUSPENDED", "COMPLETING")


@dataclass(frozen=True)
class Allocation:
    """What the engine says that this process may have, beside what the machine has.

    Attributes:
        job_id: the engine's.
        host: as the engine names it.
        others: other jobs on this host, which run, are suspended or are ending; None: unknown.
        unknown: why they are.
        cpus: allocated to this job, or fewer if the process may use fewer.
        machine_cpus: all of the machine.
        gpus: allocated, as CUDA or the engine names them; None: nothing is said of GPUs.
        machine_gpus: all that the driver shows or the engine knows here.
        restarts: how often the engine began this very job again.
        ends_at: when its time limit is reached, in seconds since 1970; None: no limit is known.
    """

    job_id: str
    host: str
    others: tuple[str, ...] | None
    unknown: str
    cpus: int
    machine_cpus: int
    gpus: tuple[str, ...] | None
    machine_gpus: int
    restarts: int
    ends_at: float | None

    def lacks(self, *, gpus: bool = True) -> list[str]:
        """Why this host is not ours alone, each in a line; empty if it is.

        ``gpus``: jobs use them; else it is no matter whether the engine lends any.
        """
        lines = []
        if self.others is None:
            lines.append(f"who else is on {self.host} is unknown: {self.unknown}")
        elif self.others:
            plural = "s" if len(self.others) > 1 else ""
            lines.append(
                f"job{plural} {', '.join(self.others)} of others on {self.host}: its partition "
                "shares hosts (OverSubscribe=FORCE), use another"
            )
        if self.cpus < self.machine_cpus:
            lines.append(f"{self.cpus} of {self.machine_cpus} CPUs of {self.host} were allocated")
        if gpus and self.gpus is not None and len(self.gpus) != self.machine_gpus:
            lines.append(f"{len(self.gpus)} of {self.machine_gpus} GPUs of {self.host} are visible")
        return lines


def here(environment: Mapping[str, str] = os.environ) -> Allocation | None:
    """The allocation that this process runs in; None outside of any engine."""
    job_id = environment.get("SLURM_JOB_ID", "").strip()
    if not job_id:
        return None
    host = environment.get("SLURMD_NODENAME", "").strip()
    jobs, unknown = _jobs(host)
    gpus, by_slurm = _gpus(environment), _gpus_by_slurm(host)
    return Allocation(
        job_id=job_id,
        host=host,
        others=None if jobs is None else tuple(sorted(set(jobs) - {job_id})),
        unknown=unknown,
        cpus=_cpus(environment),
        machine_cpus=psutil.cpu_count(logical=True) or 1,
        # Where Slurm gives GPUs away, a job that is told of none has none.
        gpus=() if gpus is None and by_slurm else gpus,
        machine_gpus=max(len(host_driver.examine().gpus), by_slurm),
        restarts=_number(environment.get("SLURM_RESTART_COUNT", "")) or 0,
        ends_at=(jobs or {}).get(job_id),
    )


def _jobs(host: str) -> tuple[dict[str, float | None] | None, str]:
    """When each job on this host ends at the latest, or why that is unknown."""
    if not host:
        return None, "SLURMD_NODENAME is not set"
    states = ",".join(_HERE)
    try:
        answer = slurm_command.ask(
            "squeue",
            "--noheader",
            "--all",
            f"--nodelist={host}",
            f"--states={states}",
            "-o",
            "%i|%e",
        )
    except BenchdlError as error:
        return None, error.message
    if answer.code:
        return None, slurm_words.refusal(answer.errors).message
    return {row[0]: _moment(row[1]) for row in answer.rows if len(row) == 2}, ""


def _moment(text: str) -> float | None:
    """Seconds since 1970 of Slurm's local time; None: NONE, N/A, or years away."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _cpus(environment: Mapping[str, str]) -> int:
    usable = len(core_grant.own())
    return min(usable, _number(environment.get("SLURM_CPUS_ON_NODE", "")) or usable)


def _gpus(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """What is visible to CUDA, else what Slurm gave; Slurm says NoDevFiles for none."""
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS"):
        if name in environment:
            words = [word.strip() for word in environment[name].split(",")]
            return tuple(word for word in words if _GPU.fullmatch(word))
    return None


def _gpus_by_slurm(host: str) -> int:
    """How many GPUs of this host Slurm gives away; a host has a line for each of its partitions."""
    if not host:
        return 0
    try:
        answer = slurm_command.ask("sinfo", "--noheader", "--all", f"--nodes={host}", "-o", "%G")
    except BenchdlError:
        return 0
    lines = (re.findall(r"gpu(?::[\w.-]+)?:(\d+)", line) for line in answer.output.splitlines())
    return max((sum(map(int, counts)) for counts in lines), default=0)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text.strip()) else None
