"""Whether an image would be built, and why: told without building anything."""

from __future__ import annotations

import docker

from harness import addresses, engine
from harness.catalog import Backend, Flavour
from harness.images import built, context
from harness.readiness import Readiness


def readiness(
    client: docker.DockerClient, backend: Backend, flavour: Flavour, mirror: str | None
) -> Readiness:
    """Whether :func:`harness.images.build.build` would find the image as it is to be.

    Args:
        client: the engine.
        backend: of the image.
        flavour: ``cpu`` or ``gpu``.
        mirror: Debian mirror to use instead of the base image's own.

    Raises:
        BenchdlError: the mirror or a source of the image cannot be used.
    """
    addresses.check_mirror(mirror)
    name, base = built.reference(backend.name, flavour), backend.spec.base.reference
    contents = context.files(backend, flavour)
    below = engine.find_image(client, base)
    image = engine.find_image(client, name)
    lacks = []
    if image is None:
        lacks.append("not built")
    else:
        if below is None:  # as after `docker load`
            wanted = built.wanted_on_its_base(image, backend, flavour, contents, mirror)
        else:
            arguments = context.arguments(backend, flavour, mirror)
            wanted = context.fingerprint(contents, arguments, str(below.id))
        if built.label(image, "fingerprint") != wanted:
            known = built.state(client, backend, flavour).problems
            lacks += known or ["its base image or Debian mirror is another now"]
    if not lacks:
        return Readiness(name)
    bases = [f"base image {base}"] if below is None else []
    packages = f"packages of {name} that no layer of the engine holds"
    return Readiness(name, "; ".join(lacks), (*bases, packages))
