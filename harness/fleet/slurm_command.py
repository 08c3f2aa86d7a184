"""Slurm's commands: each with a time limit, and with nothing of the surroundings that alters it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchdlError

TIMEOUT_S = 20.0
"""Slurm itself gives up a message after 10 s, unless its administrators chose otherwise."""

_KEPT = frozenset(("SLURM_CONF", "SLURM_JWT", "SBATCH_ACCOUNT", "SBATCH_QOS", "SBATCH_RESERVATION"))
_SLURMS = ("SLURM_", "SLURMD_", "SBATCH_", "SQUEUE_", "SCANCEL_", "SINFO_")


class SilentError(BenchdlError):
    """A command did not come back in time: whether it did what it was asked is unknown."""


@dataclass(frozen=True)
class Answer:
    """What a command said; ``code`` is its exit status."""

    code: int
    output: str
    errors: str

    @property
    def rows(self) -> list[list[str]]:
        """The fields of each line of output, which ``|`` separates."""
        return [line.strip().split("|") for line in self.output.splitlines() if line.strip()]


def ask(
    program: str,
    *arguments: str,
    text: str = "",
    folder: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Run a command of Slurm's.

    Args:
        program: sbatch, squeue, scancel or sinfo.
        arguments: its own.
        text: its standard input.
        folder: where it runs: a job begins in its submitter's folder.
        timeout_s: after which it is killed.

    Raises:
        SilentError: it did not end in time.
        BenchdlError: it is not here.
    """
    try:
        done = subprocess.run(
            [program, *arguments],
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=_surroundings(),
            cwd=folder,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SilentError(f"{program} did not answer within {timeout_s:g} s") from None
    except (OSError, ValueError) as error:
        if shutil.which(program) is None:
            raise BenchdlError(
                f"Slurm's {program} is not here",
                "begin the fleet on a login node of the cluster, or put Slurm's folder into PATH",
            ) from None
        raise BenchdlError(f"{program} cannot be started: {error}") from None
    return Answer(done.returncode, done.stdout, done.stderr)


def _surroundings() -> dict[str, str]:
    """The environment without what users set as defaults of these commands, and what a job has.

    All of ``SLURM_*`` would reach the new job, whatever ``--export`` says, and formats and states
    may be set as well. An account is needed by some.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith(_SLURMS)
    }
    return {**kept, "LC_ALL": "C"}
