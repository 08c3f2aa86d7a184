"""What batch systems say in environment variables.

Sources: "Output environment variables" of Slurm's sbatch(1) and srun(1), submit(1) of Grid Engine,
"PBS environment variables" in the guides of PBS Professional and TORQUE, and "Environment variable
reference" of LSF.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CORES = (
    "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "SLURM_JOB_CPUS_PER_NODE", "NSLOTS", "NCPUS",
    "PBS_NCPUS", "PBS_NUM_PPN", "LSB_DJOB_NUMPROC", "LSB_MAX_NUM_PROCESSORS",
)  # fmt: skip
"""Numbers of cores on one host, of a job or of one of its tasks: the least one counts."""

_MIB = 2**20


def cores(environment: Mapping[str, str]) -> tuple[int, str] | None:
    """How many cores were allotted on this host, and the variable that says so; None: none does."""
    found = [(number, name) for name in CORES if (number := _least(environment.get(name, "")))]
    return min(found, default=None, key=lambda stated: stated[0])


def memory_bytes(environment: Mapping[str, str], cores: int) -> tuple[int, str] | None:
    """How much memory was allotted on this host, and the variable; Slurm's 0 is all there is."""
    found = []
    for name, share in (("SLURM_MEM_PER_NODE", 1), ("SLURM_MEM_PER_CPU", cores)):
        text = environment.get(name, "").strip()
        if text.isdigit() and int(text):
            found.append((int(text) * share * _MIB, name))
    return min(found, default=None)


def _least(text: str) -> int:
    """The least number of such a variable: ``8``, or one for each kind of host: ``4(x2),8``."""
    counts = [re.fullmatch(r"(\d{1,9})(\(x\d+\))?", part.strip()) for part in text.split(",")]
    return min((int(count[1]) for count in counts if count), default=0)
