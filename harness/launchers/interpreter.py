"""A Python that is there: which one is meant, and what it tells of itself.

It is started and asked, with the variables that jobs get; nothing is written into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from harness import files, printable
from harness.errors import UsageError
from harness.launchers import host_variables, interpreter_probe
from harness.launchers.asked import ask
from harness.named_paths import named, recordable

Kind = Literal["conda", "venv", "system"]

OLDEST = (3, 9)
"""What the runner is written for, as in images."""

KEPT = (
    "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "VIRTUAL_ENV", "CONDA_PREFIX",
    "CUDA_PATH",
)  # fmt: skip
"""Variables by which a site or an activated environment leads a Python to what it holds."""

_LEADING = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")
"""Those of them that keep another Python from starting."""

PATIENCE_S = 120.0
"""A parallel file system may have to fetch it first."""

_OF_SPEED = re.compile(
    "(OMP|GOMP|KMP|MKL|OPENBLAS|GOTO|BLIS|NUMEXPR|DNNL|ONEDNN|ATEN|TORCH|TORCHINDUCTOR|PYTORCH|TRITON"
    "|XLA|JAX|TF|KERAS|MXNET|CUDA|CUDNN|CUBLAS|CUBLASLT|NCCL|NVIDIA|GLOO|MALLOC|GLIBC|LD)_"
    "|PYTHON|THEANO"
)

_USUAL = ("python", "python3")

# Any Python since 2.6 understands it; what lies in the current folder is nothing of its own.
_WHO = (
    "import sys; sys.path[:] = [place for place in sys.path if place]; import json, platform; "
    "print(json.dumps([platform.python_implementation(), list(sys.version_info[:3]), "
    "sys.executable]))"
)


class Told(BaseModel):
    """What :mod:`harness.launchers.interpreter_probe` says.

    ``modules``: by name, whose it is. ``variables``: those that may change speed, as a script that
    starts it sets them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    build: str
    suffix: str
    threaded: bool
    distributions: dict[str, str]
    conda: list[str]
    variables: dict[str, str] = {}
    modules: dict[str, list[str]]

    @property
    def installed_sha256(self) -> str:
        """Of the interpreter's build, of all that it holds, and of the variables it starts with."""
        held = [f"{name}=={version}" for name, version in self.distributions.items()]
        started = [f"{name}={value}" for name, value in self.variables.items()]
        lines = [self.build, *sorted(held + self.conda), *sorted(started)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Interpreter:
    """One Python: where it is, and its version as in ``3.12.1``."""

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """As in ``3.12``."""
        return self.version.rpartition(".")[0]

    def look(self, modules: Iterable[str]) -> Told:
        """What it holds, as it is now; whose ``modules`` are.

        Raises:
            UsageError: it does not say.
        """
        command = [str(self.path), interpreter_probe.__file__, *modules]
        try:
            given = variables()
            told = Told.model_validate(answer(command, given))
            return told.model_copy(update={"variables": _set_there(told.variables, given)})
        except ValidationError:
            raise UsageError(f"{self.path} does not say what it holds", "name another") from None


def variables() -> dict[str, str]:
    """What a job, and a question, in somebody's Python gets of this process's environment."""
    found = {**host_variables.kept(KEPT), "PYTHONDONTWRITEBYTECODE": "1"}
    if path := found.pop("PYTHONPATH", ""):  # jobs start elsewhere, and an empty part is where
        places = [str(Path(part).absolute()) for part in path.split(os.pathsep) if part]
        found["PYTHONPATH"] = os.pathsep.join(places)
    return found


def answer(command: list[str], environment: dict[str, str], folder: str = "/") -> Any:
    """As :func:`harness.launchers.asked.ask`, of a Python that is named.

    Raises:
        UsageError: it does not answer; with the variables that may be why.
    """
    leading = [name for name in _LEADING if environment.get(name) and os.environ.get(name)]
    without = f"unset {' and '.join(leading)} if not meant for it, or " if leading else ""
    advice = f"{without}name another Python with --python"
    return ask(command, environment, within_s=PATIENCE_S, advice=advice, folder=folder)


def _set_there(found: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """What a job finds besides what it is given: a script that starts it may set it."""
    return {
        name: value
        for name, value in found.items()
        if _OF_SPEED.match(name) and given.get(name) != value
    }


def find(word: str | None) -> Path:
    """The file that ``--python`` means: a path, or a name that is looked for on the PATH.

    Without a word it is what ``python`` starts here, or ``python3``: of the environment that is
    activated, where one is.

    Raises:
        UsageError: there is none, or it is no program.
    """
    if word is None:
        usual = next(filter(None, map(shutil.which, _USUAL)), None)
        if usual is None:
            raise UsageError("no python on the PATH", "name one with --python PATH")
        return Path(usual).absolute()
    path = named(word, "--python")
    if os.sep not in word and not files.exists(path):
        on_path = shutil.which(word)
        if on_path is None:
            raise UsageError(f"--python {word}: no such file, and no such program on the PATH")
        path = Path(on_path)
    path = recordable(path.absolute(), "--python")  # not resolved: a venv's is a link
    if files.is_dir(path):
        inner = path / "bin" / "python"
        advice = f"name its Python: {inner}" if files.exists(inner) else "name a Python"
        raise UsageError(f"--python {word}: it is a folder", advice)
    if not files.exists(path):
        raise UsageError(f"--python {word}: there is no such file", "which python3 shows one")
    if not os.access(path, os.X_OK):
        raise UsageError(f"--python {word}: it cannot be executed", "name a Python")
    return path


def examine(path: Path) -> Interpreter:
    """The Python at ``path``.

    Raises:
        UsageError: it is none, or none that the runner can run in.
    """
    implementation, version, executable = _who(path, "/")
    if _is_script(path):  # a shim may choose by the folder that it is started in, and jobs have one
        with contextlib.suppress(FileNotFoundError):  # the current folder was removed
            implementation, version, here = _who(path, str(Path.cwd()))
            path = path if here == executable else Path(here)
    text = ".".join(map(str, version))
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(f"{path} is Python {text}", f"jobs need {oldest} or newer")
    if implementation != "CPython":
        raise UsageError(f"{path} is {printable.line(implementation[:40])}", "jobs need CPython")
    return Interpreter(path, text)


def _who(path: Path, folder: str) -> tuple[str, tuple[int, ...], str]:
    """Implementation, version and executable, as it says."""
    said: Any = answer([str(path), "-c", _WHO], variables(), folder)
    try:
        implementation, (major, minor, patch), executable = said
        return str(implementation), (int(major), int(minor), int(patch)), str(executable)
    except (TypeError, ValueError):
        raise UsageError(f"{path} is no Python", "name one with --python PATH") from None


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
