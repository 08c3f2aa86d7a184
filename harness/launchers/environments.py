"""Virtual environments of the local launcher: made with uv from a lock file, kept in the cache.

One that is kept is used only after it was seen to work: its Python may have gone meanwhile.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet

from harness import addresses, cache, files, package_settings, paths, uv_command
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError
from harness.host_stacks import LocalStack
from harness.launchers.launcher import Prepared
from harness.notices import Say
from harness.readiness import Readiness
from runner.contract.job import Pins, Provenance

_READY = ".benchdl-ready"
_BUILD_TOOLS = "docker/base/build-constraints.lock"  # what builds the wheels that are not there
_NONE = "there is none"

# In the environment's own Python: what the runner imports, and what is pinned, from there alone.
_SEEN = """
import json, sys
from importlib import import_module, metadata
from pathlib import Path

here = Path(sys.prefix).resolve()
for name in ("numpy", "psutil", "pydantic", "pynvml"):
    module = import_module(name)
    if here not in Path(module.__file__).resolve().parents:
        sys.exit(f"{name} is imported from {module.__file__}")
for name, version in json.loads(sys.argv[1]).items():
    found = metadata.version(name)
    if found != version:
        sys.exit(f"{name} is {found}, not {version}")
"""


def prepare(backend: Backend, flavour: Flavour, say: Say) -> Prepared:
    """The environment of ``backend`` for the best Python that this host has.

    Raises:
        BenchdlError: no stack fits a Python of this host, a program is missing, or the
            installation failed.
    """
    stack, python, lock = _possible(backend)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    folder = _folder(backend, lock, python)
    fault = _fault(stack, folder)
    if fault:
        with cache.alone(folder, say):
            fault = _fault(stack, folder)  # another one may have made it meanwhile
            if fault:
                _make(backend, stack, python, folder, "" if fault == _NONE else fault, say)
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


def readiness(backend: Backend) -> Readiness:
    """Whether the environment of ``backend`` is there; nothing is made.

    Raises:
        BenchdlError: it could not be made: as with :func:`prepare`.
    """
    stack, python, lock = _possible(backend)
    name = f"local environment of {backend.name} ({lock.name})"
    fault = _fault(stack, _folder(backend, lock, python))
    if not fault:
        return Readiness(name)
    lacks = "not made" if fault == _NONE else fault
    downloads = [f"wheels of {backend.name}/{lock.name} that uv's cache does not hold"]
    if python == stack.python:
        downloads.append(f"Python {python}")
    return Readiness(name, lacks, tuple(downloads))


def _possible(backend: Backend) -> tuple[LocalStack, str, Path]:
    """The stack to use, the Python for it, and its lock file.

    Raises:
        BenchdlError: a program is missing, or the lock file is; or as with :func:`choose`.
    """
    stack, python = choose(backend)
    for program in stack.programs:
        if shutil.which(program) is None:
            raise BenchdlError(
                f"backend '{backend.name}' needs the program {program} on this host",
                f"install it (Debian: apt-get install {program}), or use --launcher docker",
            )
    lock = backend.folder / stack.lock
    if not files.is_file(lock):
        raise BenchdlError(f"{lock} is missing", f"make it: benchdl images lock {backend.name}")
    return stack, python, lock


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
        found = uv_command.uv(["python", "find", "--no-project", "--no-cache", stack.python])
        if found.returncode == 0 and found.stdout.strip():
            return stack, found.stdout.strip()
    return backend.spec.local[0], backend.spec.local[0].python


def _folder(backend: Backend, lock: Path, python: str) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    key = hashlib.sha256(f"{digest} {python}".encode()).hexdigest()[:12]
    return cache.cache_dir() / "environments" / f"{backend.name}-{key}"


def _python_of(folder: Path) -> str:
    return str(folder / "bin" / "python")


def _fault(stack: LocalStack, folder: Path) -> str:
    """Why the environment cannot be used; empty if it can."""
    try:
        if not files.is_file(folder / _READY):
            return _NONE
        version = _version(folder)
    except (OSError, subprocess.SubprocessError):
        return "its Python is gone"
    fits = SpecifierSet(stack.python).contains(version)
    return "" if fits else f"its Python is {version} now"


def _version(folder: Path) -> str:
    """``3.11.7``, from the environment's Python itself."""
    code = "import platform; print(platform.python_version())"
    return subprocess.check_output(
        [_python_of(folder), "-I", "-c", code], text=True, stderr=subprocess.DEVNULL
    ).strip()


def _minor(folder: Path) -> str:
    return ".".join(_version(folder).split(".")[:2])


def _make(
    backend: Backend, stack: LocalStack, python: str, folder: Path, fault: str, say: Say
) -> None:
    lock = backend.folder / stack.lock
    why = f"; {fault}" if fault else ""
    say(f"making the local environment of {backend.name} (once, some minutes; {lock.name}{why})")
    target = ["--quiet", "--python", _python_of(folder), "--require-hashes"]
    tools = str(paths.root() / _BUILD_TOOLS)
    steps = (
        ["venv", "--quiet", "--no-project", "--python", python, str(folder)],
        # What comes as source only is built by tools that are here already: an isolated build
        # would fetch them, and more, without hashes. The second step takes them away again.
        ["pip", "install", *target, "--requirement", tools],
        ["pip", "sync", *target, "--no-build-isolation", str(lock)],
    )
    with _whole(folder):
        for step in steps:
            done = uv_command.uv(step, locked=True)
            _check(done, backend, stack)
        seen = subprocess.run(
            [_python_of(folder), "-I", "-c", _SEEN, json.dumps(_pinned(stack))],
            env=package_settings.without_python(os.environ),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        _check(seen, backend, stack)
        (folder / ".lock").unlink(missing_ok=True)  # uv's own, which everybody might write to
        with cache.storing(folder):
            files.write_whole(folder / _READY, f"{lock.name}\n", mode=0o644)


def _pinned(stack: LocalStack) -> dict[str, str]:
    return {name: version for name, version in stack.wheels.items() if name not in stack.leave_out}


def _check(done: subprocess.CompletedProcess[str], backend: Backend, stack: LocalStack) -> None:
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise BenchdlError(
            f"making the local environment of {backend.name} failed: "
            f"{addresses.hidden(' '.join(lines))[:400]}",
            f"check the network and the disk, install Python {stack.python}, "
            "or use --launcher docker",
        )


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Nothing is there before, and nothing after a failure."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
