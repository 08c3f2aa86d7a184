"""Building an image through docker-py: progress, the failing step, and labels that tell it all."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.models.images import Image

from harness import cache, engine, images
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError
from harness.images import baseimage, context

Say = Callable[[str], None]

_STEP = re.compile(r"^Step (\d+/\d+) : (.*)$", re.MULTILINE)
_TAIL_LINES = 15
_UNLABELLED = "-unlabelled"
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
    name = images.reference(backend.name, flavour)
    base_id = baseimage.ensure(client, backend.spec.base.reference, make=make_base, say=say)
    contents = context.files(backend, flavour)
    args = context.arguments(backend, flavour, mirror)
    wanted = context.fingerprint(contents, args, base_id)
    with cache.locked(cache.cache_dir() / "builds" / f"{backend.name}-{flavour}", say):
        present = engine.find_image(client, name)
        if present is not None and images.label(present, "fingerprint") == wanted:
            say(f"{name} is up to date")
            return present
        say(f"building {name} on {backend.spec.base.reference}")
        try:
            debian = _build_unlabelled(client, backend, name, contents, args, say)
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
            _label(client, name, labels)
            if present is not None:
                # What had our name has none now: ours to remove, unless something still uses it.
                with contextlib.suppress(APIError):
                    client.images.remove(str(present.id))
        except APIError as error:
            raise engine.explain(error, f"building {name}") from None
        except (DockerException, OSError) as error:
            raise BenchdlError(f"building {name}: lost the Docker engine ({error})") from None
    say(f"{name} is ready")
    return client.images.get(name)


def _build_unlabelled(
    client: docker.DockerClient,
    backend: Backend,
    name: str,
    contents: dict[str, bytes],
    args: dict[str, str],
    say: Say,
) -> dict[str, str]:
    """Build under a passing name; returns the Debian packages that are in it, as pinned."""
    _stream(
        client,
        name,
        say,
        fileobj=io.BytesIO(context.tar(contents)),
        custom_context=True,
        buildargs=args,
        tag=name + _UNLABELLED,
    )
    debian = _debian_packages(client, name + _UNLABELLED)
    problems = images.debian_problems(backend, debian)
    if problems:
        raise BenchdlError(
            f"{name} does not hold what image.toml pins: {problems[0]}",
            "correct the pin in image.toml, or name a base that has that version",
        )
    return debian


def _label(client: docker.DockerClient, name: str, labels: dict[str, str]) -> None:
    """Give the image its name and labels: what it holds is known only once it is built."""
    dockerfile = io.BytesIO(f"FROM {name}{_UNLABELLED}\n".encode())
    named = {images.LABEL + key: value for key, value in labels.items()}
    _stream(client, name, lambda _: None, fileobj=dockerfile, labels=named, tag=name)
    client.images.remove(name + _UNLABELLED, noprune=True)


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
            say(f"{name} {step}"[:160])
        else:
            tail.extend(line for line in text.splitlines() if line.strip())
        if "error" in event:
            for line in tail:
                say(f"    {line}")
            raise BenchdlError(
                f"building {name} failed at {step[:200]}: {' '.join(event['error'].split())[:300]}",
                "the lines above are the step's last ones",
            )


def _debian_packages(client: docker.DockerClient, image: str) -> dict[str, str]:
    """Name to version of every Debian package in ``image``."""
    listing: bytes = client.containers.run(
        image, _LIST_PACKAGES[1:], entrypoint=_LIST_PACKAGES[:1], remove=True, network_mode="none"
    )
    lines = (line.partition("=") for line in listing.decode().splitlines() if "=" in line)
    return {package: version for package, _, version in lines}
