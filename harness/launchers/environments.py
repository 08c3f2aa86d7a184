"""Virtual environments of the local launcher: made with uv from a lock file, kept in the cache."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock
from packaging.specifiers import SpecifierSet

from harness import cache, paths
from harness.catalog import Backend, Flavour, LocalStack
from harness.errors import BenchdlError
from harness.images import registry
from harness.launchers.base import Prepared, Say
from runner.contract import Pins, Provenance

_READY = ".benchdl-ready"
_BUILD_TOOLS = "docker/base/build-constraints.lock"  # what builds the wheels that are not there


def prepare(backend: Backend, flavour: Flavour, say: Say) -> Prepared:
    """The environment of ``backend`` for the best Python that this host has.

    Raises:
        BenchdlError: no stack fits a Python of this host, a program is missing, or the
            installation failed.
    """
    stack, python = choose(backend)
    for program in stack.programs:
        if shutil.which(program) is None:
            raise BenchdlError(
                f"backend '{backend.name}' needs the program {program} on this host",
                f"install it (Debian: apt-get install {program}), or use --launcher docker",
            )
    lock = backend.folder / stack.lock
    if not lock.is_file():
        raise BenchdlError(f"{lock} is missing", f"make it: benchdl images lock {backend.name}")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    key = hashlib.sha256(f"{digest} {python}".encode()).hexdigest()[:12]
    folder = cache.cache_dir() / "environments" / f"{backend.name}-{key}"
    with cache.storing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / _READY).is_file():
            _make(backend, stack, python, folder, say)
    return Prepared(
        provenance=Provenance(
            kind="environment",
            reference=f"{backend.name} ({stack.lock})",
            flavour=flavour,
            locks_sha256={stack.lock: digest},
            note=stack.note,
        ),
        pins=Pins(python=_minor(folder), packages=stack.wheels),
        python=_python_of(folder),
        environment={**backend.spec.environment, **stack.environment},
    )


def choose(backend: Backend) -> tuple[LocalStack, str]:
    """The stack to use and the Python for it.

    The host's own Python if a stack is for it, else one that uv finds on this host, else the
    stack's range of versions, of which uv fetches one.

    Raises:
        BenchdlError: the backend has no local stack at all.
    """
    if not backend.spec.local:
        raise BenchdlError(
            f"backend '{backend.name}' has no [[local]] stack in its image.toml",
            "use --launcher docker",
        )
    own = platform.python_version()
    for stack in backend.spec.local:
        if SpecifierSet(stack.python).contains(own):
            return stack, sys.executable
    for stack in backend.spec.local:
        found = registry.uv(["python", "find", "--no-project", stack.python])
        if found.returncode == 0 and found.stdout.strip():
            return stack, found.stdout.strip()
    return backend.spec.local[0], backend.spec.local[0].python


def _python_of(folder: Path) -> str:
    return str(folder / "bin" / "python")


def _minor(folder: Path) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([_python_of(folder), "-c", code], text=True).strip()


def _make(backend: Backend, stack: LocalStack, python: str, folder: Path, say: Say) -> None:
    lock = backend.folder / stack.lock
    say(f"making the local environment of {backend.name} (once; {lock.name})")
    shutil.rmtree(folder, ignore_errors=True)
    steps = (
        ["venv", "--quiet", "--no-project", "--python", python, str(folder)],
        ["pip", "sync", "--quiet", "--python", _python_of(folder), "--require-hashes",
         "--build-constraints", str(paths.root() / _BUILD_TOOLS), str(lock)],
    )  # fmt: skip
    for step in steps:
        done = registry.uv(step)
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise BenchdlError(
                f"making the local environment of {backend.name} failed: {' '.join(lines)[:400]}",
                f"check the network and the disk, install Python {stack.python}, "
                "or use --launcher docker",
            )
    (folder / _READY).write_text(f"{lock.name}\n", encoding="utf-8")
