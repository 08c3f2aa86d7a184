"""Names that keep an image while a benchdl uses it, whoever else builds on the same engine.

Two users of an engine share its names but no lock. So nothing rests on ``benchdl/NAME:FLAVOUR``:
each process builds under a name of its own, keeps what it uses under it, and jobs start by id. A
name is given up as such, so that the engine itself removes an image exactly when nobody names it.

Images are found by name alone, never by their labels: a label is whatever its maker wrote.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import re

import docker
from docker.errors import APIError

from harness import engine, marks
from harness.catalog import Flavour
from harness.images import built

BUILD_LABEL = "benchdl.build"
"""On containers that look into an image while it is built."""

_HELD = re.compile(r"(.*)-held-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d*)(-was)?")


def own_name(backend: str, flavour: Flavour) -> str:
    """The name under which this process keeps the image of ``backend``."""
    host, boot, pid, begin = marks.own().rsplit(":", 3)
    mark = f"{_short(host)}-{_short(boot)}-{pid}-{begin}"
    return f"{built.reference(backend, flavour)}-held-{mark}"


def hold(client: docker.DockerClient, image_id: str, name: str) -> None:
    """Keep the image under ``name``, a name of this process, until the process ends.

    Raises:
        ImageNotFound: somebody removed it meanwhile.
    """
    repository, _, tag = name.rpartition(":")
    client.api.tag(image_id, repository, tag, force=True)
    atexit.unregister(_release_at_end)  # once for all names
    _kept.setdefault(name, client)
    atexit.register(_release_at_end)


def give(client: docker.DockerClient, image_id: str, public: str, own: str) -> None:
    """Move the public name to the image; what had it goes, unless somebody still names it."""
    repository, _, tag = public.rpartition(":")
    was = f"{own}-was"
    with contextlib.suppress(APIError):  # nothing had the name
        client.api.tag(public, repository, was.rpartition(":")[2], force=True)
    client.api.tag(image_id, repository, tag, force=True)
    release(client, was)


def release(client: docker.DockerClient, name: str) -> None:
    """Give up a name; an image without names is removed, unless a container uses it."""
    _kept.pop(name, None)
    with contextlib.suppress(*engine.BROKEN):  # the engine may be gone
        client.images.remove(name)


def clear(client: docker.DockerClient, backend: str) -> None:
    """Give up the names, and remove the containers, of processes of this machine that are gone."""
    for image in client.images.list(name=f"benchdl/{backend}"):
        for name in image.tags:
            if _state(name.rpartition(":")[2]) == "dead":
                release(client, name)
    for container in client.containers.list(
        all=True, filters={"label": BUILD_LABEL}, ignore_removed=True
    ):
        if marks.state(container.labels.get(marks.HARNESS_LABEL, "")) == "dead":
            with contextlib.suppress(APIError):
                container.remove(force=True)


_kept: dict[str, docker.DockerClient] = {}


def _release_at_end() -> None:
    for name, client in list(_kept.items()):
        release(client, name)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _state(tag: str) -> str:
    """Whether the process that holds by this tag lives; ``none`` if it is no such tag."""
    match = _HELD.fullmatch(tag)
    if match is None:
        return "none"
    host, boot, _, _ = marks.own().rsplit(":", 3)
    _, host_of, boot_of, pid, begin, _ = match.groups()
    if host_of != _short(host):
        return "elsewhere"
    return "dead" if boot_of != _short(boot) else marks.state(f"{host}:{boot}:{pid}:{begin}")
