"""Images of backends: what is built, whether it matches image.toml, and where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass

import docker
from docker.models.images import Image

from harness import engine
from harness.catalog import Backend, Flavour
from harness.images import context
from runner.contract.job import Provenance

LABEL = "benchdl."


@dataclass(frozen=True)
class ImageState:
    """One image of the catalogue as the engine has it; ``problems`` is empty when all is well."""

    backend: str
    flavour: Flavour
    reference: str
    image_id: str | None
    size_bytes: int | None
    problems: list[str]


def reference(backend: str, flavour: Flavour) -> str:
    """The name under which an image is kept in the engine."""
    return f"benchdl/{backend}:{flavour}"


def label(image: Image, key: str) -> str:
    """The value of label ``benchdl.<key>``, or an empty text."""
    return str((image.labels or {}).get(LABEL + key, ""))


def state(client: docker.DockerClient, backend: Backend, flavour: Flavour) -> ImageState:
    """Compare the built image's labels with image.toml and the lock files as they are now."""
    name = reference(backend.name, flavour)
    image = engine.find_image(client, name)
    if image is None:
        return ImageState(backend.name, flavour, name, None, None, ["not built"])
    problems = []
    built: dict[str, str] = json.loads(label(image, "locks") or "{}")
    now = context.lock_hashes(backend, flavour)
    for file in sorted({*built, *now}):
        if built.get(file) != now.get(file):
            problems.append(f"{file} changed since the build")
    problems += debian_problems(backend, flavour, json.loads(label(image, "debian") or "{}"))
    contents = context.files(backend, flavour)
    wanted = wanted_on_its_base(image, backend, flavour, contents)
    if not problems and label(image, "fingerprint") != wanted:
        problems.append("Dockerfile or runner changed since the build")
    size = int(image.attrs.get("Size", 0))
    return ImageState(backend.name, flavour, name, str(image.id), size, problems)


def wanted_on_its_base(
    image: Image,
    backend: Backend,
    flavour: Flavour,
    contents: dict[str, bytes],
    mirror: str | None = None,
) -> str:
    """The fingerprint of what lies here now on the base on which ``image`` was built, by its label.

    Without ``mirror`` it is that of ``image`` as well.
    """
    args = context.arguments(backend, flavour, mirror or label(image, "mirror") or None)
    return context.fingerprint(contents, args, label(image, "base_id"))


def debian_problems(backend: Backend, flavour: Flavour, installed: dict[str, str]) -> list[str]:
    """Debian packages whose upstream version is not the one that image.toml pins."""
    problems = []
    for package, pinned in sorted(backend.spec.framework.packages(flavour).items()):
        found = installed.get(package)
        if found is None:
            problems.append(f"Debian package {package} is not installed")
        elif not upstream(found).startswith(pinned):
            problems.append(f"Debian package {package} is {found}, image.toml pins {pinned}")
    return problems


def upstream(version: str) -> str:
    """A Debian version without epoch: ``4:10.2.1-1`` is ``10.2.1-1`` (deb-version(7))."""
    return version.partition(":")[2] or version


def provenance(image: Image, flavour: Flavour) -> Provenance:
    """Where this image came from, from its labels; goes into every result."""
    return Provenance(
        kind="image",
        reference=label(image, "reference"),
        flavour=flavour,
        image_id=str(image.id),
        base=label(image, "base"),
        base_id=label(image, "base_id"),
        locks_sha256=json.loads(label(image, "locks") or "{}"),
        debian_packages=json.loads(label(image, "debian") or "{}"),
    )
