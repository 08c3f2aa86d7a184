"""What a machine offers to benchdl, and what is missing, with the fix."""

from __future__ import annotations

import platform
from pathlib import Path

import docker

from harness import cache, catalog, engine
from harness.allotment import grant
from harness.doctor import (
    data_lines,
    disk_lines,
    engine_lines,
    gpu_lines,
    local_lines,
    python_lines,
)
from harness.doctor.line import Line, State, broken, ok
from harness.errors import BenchdlError
from harness.hosts import clouds, this_machine


def examine(data_dir: Path | None, results: Path, python: str | None = None) -> list[Line]:
    """Examine everything; nothing is changed, built or downloaded.

    Args:
        data_dir: the user's folder of data, if one was named.
        results: where results go.
        python: what ``--python`` says, if it does: what could run there.
    """
    lines = [_python(), ok("machine", clouds.told(this_machine.read()))]
    lines.append(ok("allotted", grant.words(grant.read()) or "the whole machine"))
    backends = []
    for name in catalog.names():
        try:
            backends.append(catalog.load(name))
        except BenchdlError as error:
            lines.append(broken(f"backend {name}", error.message, error.advice))
    client = _engine()
    lines += engine_lines.examine(backends, client)
    lines += [local_lines.examine(backend, engine=client is not None) for backend in backends]
    lines += python_lines.examine(python, backends) if python else []
    lines += [disk_lines.for_results(results), disk_lines.for_cache(cache.cache_dir())]
    lines += data_lines.examine(data_dir)
    return lines + gpu_lines.examine(backends, engine.info(client) if client else None)


def verdict(lines: list[Line]) -> str:
    """The answer in one line."""
    counts = {state: sum(line.state == state for line in lines) for state in State}
    if counts[State.BROKEN]:
        answer = f"{counts[State.BROKEN]} of {len(lines)} broken, each with its fix"
    else:
        answer = "nothing is broken"
    first = counts[State.FIRST_USE]
    return f"{answer}; {first} of {len(lines)} will be made on first use" if first else answer


def _engine() -> docker.DockerClient | None:
    try:
        return engine.connect()
    except BenchdlError:
        return None


def _python() -> Line:
    return ok("Python", platform.python_version())
