"""What a machine offers to benchdl, and what is missing, with the fix."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import docker

from harness import cache, catalog, engine, files
from harness.allotment import grant
from harness.doctor import gpu_lines
from harness.doctor.line import Line
from harness.errors import BenchdlError
from harness.images import built
from harness.launchers import environments
from harness.nvidia import host_driver
from harness.provision import obtain

_DISK_BYTES = 15e9  # both gpu images and what their builds leave


def examine(data_dir: Path | None, results: Path) -> list[Line]:
    """Examine everything; nothing is changed, built or downloaded."""
    lines = [_python(), Line(True, "allotted", grant.words(grant.read()) or "the whole machine")]
    backends = []
    for name in catalog.names():
        try:
            backends.append(catalog.load(name))
        except BenchdlError as error:
            lines.append(Line(False, f"backend {name}", error.message, error.advice))
    lines += _engine(backends)
    lines += [_local(backend) for backend in backends]
    lines += [_disk("disk for results", results), _disk("disk for the cache", cache.cache_dir())]
    lines += _data(data_dir)
    return lines + gpu_lines.examine(backends, _info())


def usable(lines: list[Line]) -> bool:
    """Whether at least one way to run a backend works."""
    return any(line.ok and line.runs for line in lines)


def _python() -> Line:
    version = platform.python_version()
    return Line(sys.version_info >= (3, 10), "Python", version, "make setup PYTHON=python3.11")


def _engine(backends: list[catalog.Backend]) -> list[Line]:
    try:
        client = engine.connect()
    except BenchdlError as error:
        return [Line(False, "Docker engine", error.message, error.advice)]
    found = f"{engine.version(client)} at {engine.name(client)}"
    lines = [Line(True, "Docker engine", found, runs=True)]
    lines += [_base(client, name) for name in sorted({b.spec.base.reference for b in backends})]
    root = Path(str(engine.info(client).get("DockerRootDir", "/")))
    if files.is_dir(root):
        lines.append(_disk("disk for images", root))
    for backend in backends:
        for flavour in backend.flavours():
            state = built.state(client, backend, flavour)
            if flavour == "gpu" and state.image_id is None and not host_driver.gpus()[0]:
                continue  # nobody needs it here
            found = "; ".join(state.problems) or "up to date"
            fix = f"benchdl images build {backend.name} --flavour {flavour}"
            lines.append(Line(not state.problems, f"image {state.reference}", found, fix))
    return lines


def _info() -> dict[str, Any] | None:
    try:
        return engine.info(engine.connect())
    except BenchdlError:
        return None


def _base(client: docker.DockerClient, reference: str) -> Line:
    here = engine.find_image(client, reference) is not None
    # Only the base: "images build" would make the images of all backends, of tens of gigabytes.
    fix = "benchdl images base --make-base pulls it, or makes it with debootstrap"
    return Line(here, f"base image {reference}", "here" if here else "not here yet", fix)


def _local(backend: catalog.Backend) -> Line:
    subject = f"{backend.name} without Docker"
    try:
        stack, python = environments.choose(backend)
    except BenchdlError as error:
        return Line(False, subject, error.message, error.advice)
    missing = [program for program in stack.programs if shutil.which(program) is None]
    if missing:
        fix = f"apt-get install {' '.join(missing)}"
        return Line(False, subject, f"{', '.join(missing)} missing", fix)
    if python == stack.python:
        fix = f"install Python {stack.python}; otherwise uv fetches one"
        return Line(False, subject, f"no Python {stack.python} on this host", fix, runs=True)
    fault = environments.kept_fault(backend)
    if fault:
        fix = f"the next local run makes it again: benchdl run {backend.name} --launcher local"
        return Line(False, subject, f"the environment that is kept: {fault}", fix, runs=True)
    return Line(True, subject, f"{stack.lock} on {python}", runs=True)


def _disk(subject: str, folder: Path) -> Line:
    places = (folder, *folder.absolute().parents)
    there = next((place for place in places if files.leads(place)), Path("/"))
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Line(False, subject, f"{there}: {files.reason(error)}", "name another folder")
    found = f"{free / 1e9:.0f} GB free"
    return Line(free > _DISK_BYTES, subject, found, f"make room (a GPU image takes 5 GB): {there}")


def _data(data_dir: Path | None) -> list[Line]:
    lines = []
    for state in obtain.listing(data_dir):
        name = state.spec.name
        found = f"{state.state} in {state.where} {state.problem}".strip()
        fix = f"benchdl data fetch {name}, or name its folder: --data-dir or $BENCHDL_DATA"
        lines.append(Line(state.state == "complete", f"dataset {name}", found, fix))
    return lines
