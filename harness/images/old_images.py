"""Images of earlier builds: found by id or name, and kept although a new build takes their name."""

from __future__ import annotations

import re

import docker

from harness import engine
from harness.catalog import Flavour
from harness.errors import BenchdlError, UsageError
from harness.images import built
from harness.notices import Say
from runner.contract.job import Provenance

_REFERENCE = re.compile(r"benchdl/([a-z0-9][a-z0-9._-]*):(cpu|gpu)")


def kept(client: docker.DockerClient, word: str, whose: str, say: Say) -> Provenance:
    """Name the image so that no build removes it, and tell where it came from.

    The name stays until the user removes it: the campaign can be resumed.

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
    backend, flavour = match.group(1), match.group(2)
    repository, tag = f"benchdl/{backend}", f"earlier-{str(image.id).removeprefix('sha256:')[:12]}"
    if f"{repository}:{tag}" not in image.tags:
        doing = f"keeping image {word}"
        with engine.calls(client, doing):
            client.api.tag(str(image.id), repository, tag, force=True)
        say(f"kept {repository}:{tag} ({flavour}); docker rmi {repository}:{tag} gives it up")
    known: Flavour = "gpu" if flavour == "gpu" else "cpu"
    return built.provenance(image, known)
