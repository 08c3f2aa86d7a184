"""The sources of a campaign: each backend's whole folder, the shared scripts, and the runner.

In a bundle they lie as in a checkout, so that the folder is a ``BENCHDL_ROOT``: from it alone every
image can be built, and every local environment made.
"""

from __future__ import annotations

import re
from pathlib import Path

import docker

from harness import catalog, engine, paths
from harness.bundle.manifest import ID, is_safe
from harness.campaign import changes
from harness.campaign.records import Campaign, Environment
from harness.catalog import Backend
from harness.errors import BenchdlError
from harness.images import built, context, locks

_LEFT_OUT = ("__pycache__",)


def files(campaign: Campaign) -> dict[str, Path]:
    """Path below the root to the file, of all that the campaign's backends are made of."""
    root = paths.root()
    folders = [root / "runner", root / "docker" / "base"]
    folders += [backend.folder for backend in _backends(campaign)]
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {
        file.relative_to(root).as_posix(): file
        for file in sorted(found)
        if not set(_LEFT_OUT) & set(file.parts)
    }


def changed(campaign: Campaign, client: docker.DockerClient | None) -> list[str]:
    """How this checkout's sources differ from those that the campaign ran with, in words.

    Compared is what the campaign's record holds: image.toml, lock files, the runner. Dockerfiles
    and scripts can be compared only with ``client``, while the engine still has the image.
    """
    found: list[str] = []
    for environment in campaign.environments:
        if environment.earlier:  # it never was of these sources
            continue
        backend = catalog.load(environment.backend)
        files = {"image.toml": backend.sha256}
        files.update(_locks(backend, environment))
        then = {**environment.provenance.locks_sha256, "image.toml": environment.image_toml_sha256}
        ours = [
            f"{name} of {backend.name}"
            for name in sorted({*files, *then})
            if files.get(name) != then.get(name)
        ]
        if not ours and client is not None and _built_otherwise(client, backend, environment):
            ours = [f"the Dockerfile, a script or the runner in the image of {backend.name}"]
        found += ours
    if changes.runner_sha256() != campaign.runner_sha256:
        found.append("the runner")
    return list(dict.fromkeys(found))


def differing(campaign: Campaign, checkout: Path) -> list[str]:
    """Paths at which this checkout and the one at ``other`` make different environments."""
    here = _decisive(campaign)
    with paths.rooted(checkout):
        there = _decisive(campaign)
    return sorted(name for name in {*here, *there} if here.get(name) != there.get(name))


def _decisive(campaign: Campaign) -> dict[str, bytes]:
    """What decides how the campaign's jobs run under its launcher."""
    found: dict[str, bytes] = {}
    known = catalog.names()
    for environment in campaign.environments:
        name = environment.backend
        if name not in known:
            continue
        backend = catalog.load(name)
        if campaign.launcher == "docker":
            contents = context.files(backend, environment.device)
            if context.FRAMEWORK_LOCK in contents:  # by its own name: both flavours may be here
                own = locks.FLAVOUR_LOCKS[environment.device]
                contents[own] = contents.pop(context.FRAMEWORK_LOCK)
        else:
            names = ["image.toml", *filter(_is_name, environment.provenance.locks_sha256)]
            chosen = [backend.folder / name for name in names if (backend.folder / name).is_file()]
            contents = {file.name: file.read_bytes() for file in chosen}
            runner = paths.root() / "runner"
            for file in runner.rglob("*.py"):
                contents[f"runner/{file.relative_to(runner).as_posix()}"] = file.read_bytes()
        for path, content in contents.items():
            place = path if path.startswith("runner/") else f"docker/{name}/{path}"
            found[place] = content
    return found


def _backends(campaign: Campaign) -> list[Backend]:
    return [
        catalog.load(name)
        for name in sorted({environment.backend for environment in campaign.environments})
    ]


def _locks(backend: Backend, environment: Environment) -> dict[str, str]:
    if environment.provenance.kind == "image":
        return context.lock_hashes(backend, environment.device)
    if environment.provenance.kind == "interpreter":  # no source of ours makes somebody's Python
        return environment.provenance.locks_sha256
    names = filter(_is_name, environment.provenance.locks_sha256)
    found = {name: backend.folder / name for name in names}
    return {name: changes.file_sha256(file) for name, file in found.items() if file.is_file()}


def _is_name(text: str) -> bool:
    """Whether a text of a record is the name of a file in a folder, and leads nowhere else."""
    return is_safe(text) and "/" not in text


def _built_otherwise(
    client: docker.DockerClient, backend: Backend, environment: Environment
) -> bool:
    """Whether the engine has the image, and it was built of something else than is here now."""
    origin = environment.provenance
    by_id = re.fullmatch(ID, origin.image_id or "")
    image = engine.find_image(client, by_id.group()) if by_id else None
    if image is None:
        return False
    arguments = context.arguments(backend, environment.device, built.label(image, "mirror") or None)
    print_ = context.fingerprint(
        context.files(backend, environment.device), arguments, built.label(image, "base_id")
    )
    return built.label(image, "fingerprint") != print_


def read(file: Path) -> bytes:
    """A source file.

    Raises:
        BenchdlError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise BenchdlError(f"cannot read {file}: {error.strerror or error}") from None
