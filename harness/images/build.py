"""Building an image through docker-py: progress, the failing step, and labels that tell it all.

Whoever shares the engine may build the same image at the same time from another checkout: every
build has a name of its own (:mod:`harness.images.holds`), and what it returns is known by its id.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.images import Image

from harness import addresses, cache, engine, marks
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError
from harness.images import baseimage, built, context, holds

Say = Callable[[str], None]

_STEP = re.compile(r"^Step (\d+/\d+) : (.*)$", re.MULTILINE)
_TAIL_LINES = 15
_LIST_PACKAGES = ["dpkg-query", "-W", "-f", "${Package}=${Version}\n"]


def build(
    client: docker.DockerClient,
    backend: Backend,
    flavour: Flavour,
    *,
    make_base: bool = False,
    mirror: str | None = None,
    say: Say,
) -> Image:
    """Build the image of ``backend`` unless the one that is there was built of the same things.

    Args:
        client: the engine.
        backend: what to build.
        flavour: ``cpu`` or ``gpu``.
        make_base: make the Debian base with debootstrap when it cannot be pulled.
        mirror: Debian mirror to use instead of the base image's own.
        say: takes one line of progress.

    Raises:
        BenchdlError: no base image, or a step failed (named, with its last lines said before).
    """
    addresses.check_mirror(mirror)
    name = built.reference(backend.name, flavour)
    contents = context.files(backend, flavour)
    own = holds.own_name(backend.name, flavour)
    moved = _moved_here(client, backend, flavour, own, contents, mirror)
    if moved is not None:
        say(f"{name} is up to date")
        return moved
    base_id = baseimage.ensure(client, backend.spec.base.reference, make=make_base, say=say)
    args = context.arguments(backend, flavour, mirror)
    wanted = context.fingerprint(contents, args, base_id)
    # The lock spares work where two of one user build the same. Nothing else rests on it.
    with cache.locked_if_possible(cache.cache_dir() / "builds" / f"{backend.name}-{flavour}", say):
        with contextlib.suppress(*engine.BROKEN):  # tidying up is never in the way
            holds.clear(client, backend.name)
        present = _present(client, name, own, wanted)
        if present is not None:
            say(f"{name} is up to date")
            return present
        say(
            f"building {name} on {backend.spec.base.reference} (some minutes where no layer of it "
            "is here yet; docs/backends.md has its size)"
        )
        try:
            debian = _build_unlabelled(client, backend, flavour, name, own, contents, args, say)
            labels = {
                "backend": backend.name,
                "flavour": flavour,
                "reference": name,
                "fingerprint": wanted,
                "mirror": mirror or "",
                "base": backend.spec.base.reference,
                "base_id": base_id,
                "locks": json.dumps(context.lock_hashes(backend, flavour), sort_keys=True),
                "debian": json.dumps(debian, sort_keys=True),
            }
            image = _label(client, own, labels)
            _compare(client, image, labels)
            holds.give(client, str(image.id), name, own)
        except APIError as error:
            holds.release(client, own)
            raise engine.explain(error, f"building {name}") from None
        except engine.BROKEN as error:
            raise engine.lost(client, f"building {name}", error) from None
        except BaseException:
            holds.release(client, own)
            raise
    say(f"{name} is ready")
    return image


def at_hand(
    client: docker.DockerClient, backend: Backend, flavour: Flavour, *, make_base: bool, say: Say
) -> str:
    """The id of an image to ask the engine with: the base, or where only that is not here, the
    backend's own.

    Raises:
        BenchdlError: neither is here, and the base cannot be had.
    """
    base = backend.spec.base.reference
    if engine.find_image(client, base) is None:
        image = engine.find_image(client, built.reference(backend.name, flavour))
        if image is not None:
            return str(image.id)
    return baseimage.ensure(client, base, make=make_base, say=say)


def _moved_here(
    client: docker.DockerClient,
    backend: Backend,
    flavour: Flavour,
    own: str,
    contents: dict[str, bytes],
    mirror: str | None,
) -> Image | None:
    """The image that has the public name, if it is what is wanted and only its base is not here.

    `docker save` and `docker load` move an image without its base, often to where nothing can be
    pulled.
    """
    name = built.reference(backend.name, flavour)
    image = engine.find_image(client, name)
    if image is None or engine.find_image(client, backend.spec.base.reference) is not None:
        return None
    wanted = built.wanted_on_its_base(image, backend, flavour, contents, mirror)
    return _present(client, name, own, wanted)


def _present(client: docker.DockerClient, name: str, own: str, wanted: str) -> Image | None:
    """The image that has the public name, kept for this process, if it is what is wanted."""
    image = engine.find_image(client, name)
    if image is None or built.label(image, "fingerprint") != wanted:
        return None
    try:
        holds.hold(client, str(image.id), own)
    except ImageNotFound:  # another build's image took its name meanwhile
        return None
    return image


def _build_unlabelled(
    client: docker.DockerClient,
    backend: Backend,
    flavour: Flavour,
    name: str,
    own: str,
    contents: dict[str, bytes],
    args: dict[str, str],
    say: Say,
) -> dict[str, str]:
    """Build under this process's own name; returns the Debian packages that are in it, as pinned.

    The proxies of docker's own configuration are given to the steps, as ``docker build`` does:
    predefined build arguments, which no history or label keeps.
    """
    _stream(
        client,
        name,
        say,
        fileobj=io.BytesIO(context.tar(contents)),
        custom_context=True,
        buildargs=dict(args),  # docker-py adds the proxies to it
        use_config_proxy=True,
        tag=own,
    )
    holds.hold(client, own, own)
    debian = _debian_packages(client, own)
    problems = built.debian_problems(backend, flavour, debian)
    if problems:
        raise BenchdlError(
            f"{name} does not hold what image.toml pins: {problems[0]}",
            "correct the pin in image.toml, or name a base that has that version",
        )
    return debian


def _label(client: docker.DockerClient, own: str, labels: dict[str, str]) -> Image:
    """Give the image its labels: what it holds is known only once it is built."""
    dockerfile = io.BytesIO(f"FROM {own}\n".encode())
    named = {built.LABEL + key: value for key, value in labels.items()}
    _stream(client, own, lambda _: None, fileobj=dockerfile, labels=named, tag=own)
    return client.images.get(own)


def _compare(client: docker.DockerClient, image: Image, labels: dict[str, str]) -> None:
    """Is it the image that was asked for, and on the base whose id goes into its labels?"""
    differing = [key for key, value in labels.items() if built.label(image, key) != value]
    base = client.images.get(labels["base_id"])
    below = base.attrs["RootFS"]["Layers"]
    if image.attrs["RootFS"]["Layers"][: len(below)] != below:
        differing.append("base image")
    if differing:
        raise BenchdlError(
            f"{labels['reference']} is not what was to be built: its {differing[0]} is another",
            "somebody changed images of this engine meanwhile; build again",
        )


def _stream(client: docker.DockerClient, name: str, say: Say, **options: Any) -> None:
    """Run one build of the classic builder, telling each step as it starts."""
    events: Iterator[dict[str, Any]] = client.api.build(
        decode=True, rm=True, forcerm=True, **options
    )
    step = "before the first step"
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    for event in events:
        text = str(event.get("stream", ""))
        match = _STEP.search(text)
        if match:
            step = f"step {match.group(1)}: {match.group(2)}"
            tail.clear()
            say(addresses.hidden(f"{name} {step}")[:160])
        else:
            tail.extend(line for line in text.splitlines() if line.strip())
        if "error" in event:
            for line in tail:
                say(f"    {addresses.hidden(line)}")
            reason = " ".join(str(event["error"]).split())
            raise BenchdlError(
                addresses.hidden(f"building {name} failed at {step[:200]}: {reason[:300]}"),
                "the lines above are the step's last ones",
            )


def _debian_packages(client: docker.DockerClient, image: str) -> dict[str, str]:
    """Name to version of every Debian package in ``image``."""
    listing: bytes = client.containers.run(
        image,
        _LIST_PACKAGES[1:],
        entrypoint=_LIST_PACKAGES[:1],
        remove=True,
        network_mode="none",
        labels={holds.BUILD_LABEL: image, marks.HARNESS_LABEL: marks.own()},
        use_config_proxy=False,
    )
    lines = (line.partition("=") for line in listing.decode().splitlines() if "=" in line)
    return {package: version for package, _, version in lines}
