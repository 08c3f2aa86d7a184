"""The script that Slurm runs on a host: a small environment, the user's lines, then the shard."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from harness.fleet.scheduler import Submission

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write(submission: Submission) -> str:
    """The script, for bash.

    ``--export=NIL`` leaves a job what Slurm sets, so that nothing of the submitter's surroundings
    gets into a measurement: not even PATH and HOME. What is needed beyond that is said in
    ``setup``, such as ``source /etc/profile`` for environment modules.

    Raises:
        ValueError: the environment holds a name that no shell exports.
    """
    lines = [
        "#!/bin/bash",
        # sbatch reads `#SBATCH` up to the first command: what a line of setup says is none for it.
        "umask 022",
        f"export PATH={shlex.quote(_path())}",
        'HOME=$(getent passwd "$(id -u)" | cut -d: -f6) && export HOME="${HOME:-/}"',
        'USER=$(id -un) && export USER LOGNAME="$USER"',
        "export LANG=C.UTF-8",
    ]
    for number, line in enumerate(submission.hosts.setup, 1):
        # On lines of their own: one that ends with `&` takes no `||`.
        lines += [line, f"benchdl_status=$?; {_checked(number)}"]
    for name, value in submission.environment.items():
        if not _NAME.fullmatch(name) or "\0" in value:
            raise ValueError(f"no variable of a shell: {name!r}")
        lines.append(f"export {name}={shlex.quote(value)}")
    # Slurm's signal before the time limit goes to the script's process only.
    lines.append(f"exec {shlex.join(submission.command)}")
    return "\n".join(lines) + "\n"


def _checked(number: int) -> str:
    said = f'"benchdl: line {number} of setup failed with status $benchdl_status"'
    return f"[ $benchdl_status -eq 0 ] || {{ echo {said} >&2; exit 1; }}"


def _path() -> str:
    """The usual folders, and that of Slurm's commands, which a shard asks who else is there."""
    found = shutil.which("squeue")
    folder = str(Path(found).absolute().parent) if found else ""
    return _PATH if not folder or folder in _PATH.split(":") else f"{_PATH}:{folder}"
