"""Lock files from image.toml: every wheel with its hashes, resolved by uv."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import addresses, files, paths, uv_command
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError

_COMMON = [
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
]
SHARED_LOCK = "requirements.lock"
FLAVOUR_LOCKS: dict[Flavour, str] = {"cpu": "cpu.lock", "gpu": "gpu.lock"}
CUDA_LOCK = "cuda.lock"
API_LOCK = "api.lock"

_PLATFORM = "x86_64-manylinux_2_31"  # Debian bullseye's glibc


def write(backend: Backend, say: Callable[[str], None]) -> None:
    """Write the lock files of ``backend``: :func:`promised` says which.

    Raises:
        BenchdlError: the pins cannot be resolved.
    """
    spec = backend.spec
    runner = (paths.root() / "runner" / "requirements.txt").read_text(encoding="utf-8")
    image_python = ["--python-version", spec.base.python, "--python-platform", _PLATFORM]
    for name, wheels in promised(backend).items():
        pins = _pins(wheels)
        if name == CUDA_LOCK:
            _compile(backend, name, pins, [*image_python, "--no-deps"], say)
        elif name == SHARED_LOCK:
            _compile(backend, name, pins + runner, image_python, say)
        elif name in FLAVOUR_LOCKS.values():
            # What is in the shared layer stays as it is there.
            below = _constraints(backend, [SHARED_LOCK])
            _compile(backend, name, pins + runner, [*image_python, *below], say)
        elif name == API_LOCK:
            below = _constraints(backend, [SHARED_LOCK, *FLAVOUR_LOCKS.values()])
            _compile(backend, name, pins, [*image_python, *below], say)
    for stack in spec.local:
        lowest = stack.python.split(",")[0].lstrip(">=~ ")
        universal = ["--universal", "--python-version", lowest]
        pins = _pins(stack.wheels) + runner
        _compile(backend, stack.lock, pins, universal, say, leave_out=stack.leave_out)


def promised(backend: Backend) -> dict[str, dict[str, str]]:
    """Lock file to the pins of image.toml that it holds.

    requirements.lock is for both flavours; where their wheels differ, cpu.lock and gpu.lock hold
    everything, and requirements.lock what images may share. cuda.lock is CUDA from wheels that
    are not the framework's own, api.lock what comes above the framework.
    """
    spec = backend.spec
    found = {SHARED_LOCK: spec.framework.wheels}
    if spec.framework.by_flavour:
        found |= {
            FLAVOUR_LOCKS[flavour]: spec.framework.below_api(flavour)
            for flavour in backend.flavours()
        }
    if spec.framework.api_wheels:
        found[API_LOCK] = spec.framework.api_wheels
    if spec.cuda and spec.cuda.wheels:
        cudnn = spec.cudnn
        extra = {cudnn.wheel: cudnn.version} if cudnn and cudnn.wheel else {}
        found[CUDA_LOCK] = {**spec.cuda.wheels, **extra}
    return {**found, **{stack.lock: stack.wheels for stack in spec.local}}


def missing(lock: Path, wheels: dict[str, str]) -> list[str]:
    """The pins of image.toml that ``lock`` does not hold, as ``name==version``."""
    text = lock.read_text(encoding="utf-8").lower() if files.is_file(lock) else ""
    lines = {line.split(" ")[0].split(";")[0] for line in text.splitlines()}
    return [
        f"{name}=={version}"
        for name, version in wheels.items()
        if f"{name}=={version}".lower() not in lines
    ]


def _constraints(backend: Backend, names: list[str]) -> list[str]:
    locks = [backend.folder / name for name in names]
    return [word for lock in locks if files.is_file(lock) for word in ("--constraints", str(lock))]


def _pins(wheels: dict[str, str]) -> str:
    return "".join(f"{name}=={version}\n" for name, version in wheels.items())


def _compile(
    backend: Backend,
    name: str,
    requirements: str,
    options: list[str],
    say: Callable[[str], None],
    leave_out: list[str] | None = None,
) -> None:
    with tempfile.TemporaryDirectory(prefix="benchdl-lock-") as folder:
        source = Path(folder) / "requirements.in"
        source.write_text(requirements, encoding="utf-8")
        overrides = Path(folder) / "overrides.txt"
        # uv's way to leave a distribution out: a condition that never holds.
        absent = "".join(f'{name} ; python_version < "3"\n' for name in leave_out or [])
        overrides.write_text(absent, encoding="utf-8")
        target, draft = backend.folder / name, Path(folder) / name
        if files.is_file(target):  # versions that still fit stay as they are
            draft.write_bytes(target.read_bytes())
        done = uv_command.uv(
            [
                "pip",
                "compile",
                "--quiet",
                *_COMMON,
                *options,
                "--overrides",
                str(overrides),
                "--output-file",
                str(draft),
                str(source),
            ]
        )
        if done.returncode != 0:
            raise BenchdlError(
                f"{target} cannot be made: {addresses.hidden(' '.join(done.stderr.split()))[:400]}",
                f"correct the pins in {backend.folder / 'image.toml'}",
            )
        files.write_whole(target, draft.read_bytes())
    say(f"wrote {target}")
