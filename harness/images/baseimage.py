"""The Debian base image: found, pulled, or made with debootstrap where nothing can be pulled."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import APIError, DockerException
from docker.models.images import Image

from harness import addresses, engine, paths
from harness.errors import BenchdlError
from harness.images import credentials

Say = Callable[[str], None]


def ensure(client: docker.DockerClient, reference: str, *, make: bool, say: Say) -> str:
    """The id of base image ``reference``, pulled or (with ``make``) made if it is not here.

    Raises:
        BenchdlError: it is not here, cannot be pulled, and was not or could not be made.
    """
    image = engine.find_image(client, reference)
    if image is None:
        say(f"pulling {reference}")
        try:
            image = client.images.pull(reference, auth_config=credentials.find(reference, say))
        except engine.EngineLostError:
            raise
        except (APIError, DockerException, OSError) as error:
            said = " ".join(str(getattr(error, "explanation", None) or error).split())
            reason = addresses.hidden(said)[:200]
            if not make:
                raise BenchdlError(
                    f"base image {reference} is not here and cannot be pulled ({reason})",
                    "make it with debootstrap: benchdl images base --make-base",
                ) from None
            say(f"{reference} cannot be pulled; making it with debootstrap (about a minute)")
            image = _make(client, reference)
    return str(image.id)


def _make(client: docker.DockerClient, reference: str) -> Image:
    """Run docker/base/make-base.sh and import what it made."""
    name, _, tag = reference.partition(":")
    if "@" in reference or name.rsplit("/", 1)[-1] != "debian":
        raise BenchdlError(
            f"{reference} cannot be made here: debootstrap makes Debian releases, and no digest "
            "can be promised",
            "name a base like debian:bullseye-slim in image.toml, without a digest",
        )
    release = tag.removesuffix("-slim")
    script = paths.root() / "docker" / "base" / "make-base.sh"
    with tempfile.TemporaryDirectory(prefix="benchdl-base-") as folder:
        archive = Path(folder) / "base.tar"
        done = subprocess.run(
            ["bash", str(script), release, str(archive)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
            raise BenchdlError(f"making {reference} failed: {addresses.hidden(lines[0])}")
        try:
            _import(client, archive, name, tag)
        except APIError as error:
            raise engine.explain(error, f"importing {reference}") from None
        except engine.BROKEN as error:
            raise engine.lost(client, f"importing {reference}", error) from None
    return client.images.get(reference)


def _import(client: docker.DockerClient, archive: Path, name: str, tag: str) -> None:
    """Import it as ``name:tag``, unless another benchdl has made that meanwhile: it builds on it.

    An import takes seconds. So it goes to a name of its own, and the name is given after that.
    """
    own = f"{tag}-made-{secrets.token_hex(4)}"
    client.api.import_image_from_file(str(archive), repository=name, tag=own)
    try:
        if engine.find_image(client, f"{name}:{tag}") is None:
            client.api.tag(f"{name}:{own}", name, tag)
    finally:
        client.images.remove(f"{name}:{own}")
