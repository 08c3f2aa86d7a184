"""Images of earlier builds: found by id or name, and kept although a new build takes their name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import docker
from docker.models.images import Image

from harness import engine
from harness.catalog import Flavour
from harness.errors import BenchdlError, UsageError
from harness.images import built
from harness.notices import Say
from runner.contract.job import Provenance

_REFERENCE = re.compile(r"benchdl/([a-z0-9][a-z0-9._-]*):(cpu|gpu)")


@dataclass(frozen=True)
class Old:
    """An image of an earlier build; ``backend`` and ``provenance`` as its labels have them."""

    image: Image
    backend: str
    provenance: Provenance


def find(client: docker.DockerClient, word: str, whose: str) -> Old:
    """The image of this id or name, and where it came from.

    Raises:
        UsageError: it was not built by benchdl.
        BenchdlError: the engine has no such image.
    """
    image = engine.find_image(client, word)
    if image is None:
        raise BenchdlError(
            f"the image of {whose} is gone: {word}" if whose else f"no image {word} in the engine",
            "a new build takes the place of the last; docker tag ID NAME keeps one",
        )
    match = _REFERENCE.fullmatch(built.label(image, "reference"))
    if match is None:
        raise UsageError(f"{word} is no image that benchdl built", "benchdl images lists those")
    flavour: Flavour = "gpu" if match.group(2) == "gpu" else "cpu"
    return Old(image, match.group(1), built.provenance(image, flavour))


def kept(client: docker.DockerClient, word: str, whose: str, say: Say) -> Provenance:
    """Name the image so that no build removes it, and tell where it came from.

    The name stays until the user removes it: the campaign can be resumed.

    Raises:
        UsageError, BenchdlError: as with :func:`find`.
    """
    old = find(client, word, whose)
    image, flavour = old.image, old.provenance.flavour
    short = str(image.id).removeprefix("sha256:")[:12]
    repository, tag = f"benchdl/{old.backend}", f"earlier-{short}"
    if f"{repository}:{tag}" not in image.tags:
        doing = f"keeping image {word}"
        with engine.calls(client, doing):
            client.api.tag(str(image.id), repository, tag, force=True)
        say(f"kept {repository}:{tag} ({flavour}); docker rmi {repository}:{tag} gives it up")
    return old.provenance
