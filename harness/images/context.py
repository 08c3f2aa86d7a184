"""What a build sends to the engine: a reproducible tar and its fingerprint."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from harness import paths
from harness.catalog import Backend, Flavour
from harness.errors import UsageError
from harness.images import locks

FRAMEWORK_LOCK = "framework.lock"
"""The lock of the flavour that is built, as Dockerfiles see it: where both flavours hold the same,
they share their layer."""

_SHARED_SCRIPTS = ("apt-install.sh", "install-cuda.sh")


def files(backend: Backend, flavour: Flavour) -> dict[str, bytes]:
    """Name in the context to contents: the backend's folder, what images share, and ``runner/``.

    Raises:
        UsageError: there is no Dockerfile, or there are two, or a shared script is missing.
    """
    dockerfile = _dockerfile(backend)
    unused = _unused(backend, flavour)
    found = {
        file.relative_to(backend.folder).as_posix(): file.read_bytes()
        for file in sorted(backend.folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and file.name not in unused
    }
    found["Dockerfile"] = dockerfile.read_bytes()
    own = locks.FLAVOUR_LOCKS[flavour]
    if own in found:
        found[FRAMEWORK_LOCK] = found.pop(own)
    for name in _SHARED_SCRIPTS:
        script = paths.root() / "docker" / "base" / name
        if not script.is_file():  # a bundle's sources are what a stranger left of them
            raise UsageError(f"{script} is missing", "name a whole checkout, or other sources")
        found[name] = script.read_bytes()
    runner = paths.root() / "runner"
    for file in sorted(runner.rglob("*.py")):
        found[f"runner/{file.relative_to(runner).as_posix()}"] = file.read_bytes()
    return found


def _dockerfile(backend: Backend) -> Path:
    """The backend's own, or the shared one that its image.toml names."""
    own, shared = backend.folder / "Dockerfile", backend.spec.dockerfile
    if shared and own.exists():
        raise UsageError(
            f"{own} is there, and image.toml names another with dockerfile = '{shared}'",
            "remove one of the two",
        )
    chosen = paths.root() / "docker" / "base" / f"{shared}.Dockerfile" if shared else own
    if not chosen.is_file():
        advice = "docs/backends.md says how to add one" if not shared else "correct image.toml"
        raise UsageError(f"{chosen} is missing", advice)
    return chosen


def _unused(backend: Backend, flavour: Flavour) -> set[str]:
    """Lock files of the backend's folder that are not of this image."""
    others = {name for owner, name in locks.FLAVOUR_LOCKS.items() if owner != flavour}
    return others | {stack.lock for stack in backend.spec.local}


def tar(contents: dict[str, bytes]) -> bytes:
    """A tar of ``contents`` that is the same, byte for byte, wherever and whenever it is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size = len(contents[name])
            member.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(contents[name]))
    return buffer.getvalue()


def arguments(backend: Backend, flavour: Flavour, mirror: str | None) -> dict[str, str]:
    """Build arguments; all but the mirror derive from image.toml."""
    return {
        "BASE_IMAGE": backend.spec.base.reference,
        "FLAVOUR": flavour,
        "DEBIAN_PACKAGES": " ".join(
            f"{name}={version}"
            for name, version in sorted(backend.spec.framework.packages(flavour).items())
        ),
        "DEBIAN_MIRROR": mirror or "",
    }


def fingerprint(contents: dict[str, bytes], args: dict[str, str], base_id: str) -> str:
    """SHA-256 over everything that decides what a build gives."""
    facts = json.dumps([args, base_id], sort_keys=True).encode()
    return hashlib.sha256(tar(contents) + facts).hexdigest()


def lock_hashes(backend: Backend, flavour: Flavour) -> dict[str, str]:
    """SHA-256 of the image's lock files and of image.toml itself, by name."""
    unused = _unused(backend, flavour)
    candidates = [*sorted(backend.folder.glob("*.lock")), backend.folder / "image.toml"]
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in candidates
        if file.is_file() and file.name not in unused
    }
