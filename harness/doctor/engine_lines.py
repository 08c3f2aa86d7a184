"""The Docker engine and its images, as ``benchdl doctor`` finds them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import docker

from harness import endpoint, engine, files
from harness.catalog import Backend
from harness.doctor import disk_lines
from harness.doctor.line import Line, broken, first_use, ok
from harness.errors import BenchdlError
from harness.images import built
from harness.nvidia import host_driver

_SUBJECT = "Docker engine"
_PROGRAMS = ("docker", "dockerd", "podman")


def examine(backends: list[Backend], client: docker.DockerClient | None) -> list[Line]:
    """The engine, its base images and those of ``backends``; ``client`` is None without one."""
    if client is None:
        return [_none()]
    lines = [ok(_SUBJECT, f"{engine.version(client)} at {engine.name(client)}")]
    lines += [_base(client, name) for name in sorted({b.spec.base.reference for b in backends})]
    gpu = bool(host_driver.gpus()[0])
    root = Path(str(engine.info(client).get("DockerRootDir", "/")))
    if files.is_dir(root):
        lines.append(disk_lines.for_images(root, gpu=gpu))
    for backend in backends:
        for flavour in backend.flavours():
            state = built.state(client, backend, flavour)
            if flavour == "gpu" and state.image_id is None and not gpu:
                continue  # nobody needs it here
            lines.append(_image(state))
    return lines


def _none() -> Line:
    """Nobody installed one, which is no fault; or one that is meant does not answer."""
    try:
        meant = endpoint.find(os.environ).source != endpoint.DEFAULT_SOURCE
        if not meant and not any(map(shutil.which, _PROGRAMS)):
            return ok(_SUBJECT, "none installed: jobs run in virtual environments on this host")
        engine.connect()
    except BenchdlError as error:
        return broken(_SUBJECT, error.message, error.advice)
    return ok(_SUBJECT, "answers now")


def _base(client: docker.DockerClient, reference: str) -> Line:
    subject = f"base image {reference}"
    if engine.find_image(client, reference) is not None:
        return ok(subject, "here")
    return first_use(subject, "not here yet; the first build pulls it, or makes it")


def _image(state: built.ImageState) -> Line:
    subject = f"image {state.reference}"
    if state.image_id is None:
        return first_use(subject, "not built yet; the first run does it")
    if state.problems:
        return first_use(subject, f"built again by the next run: {'; '.join(state.problems)}")
    return ok(subject, "up to date")
