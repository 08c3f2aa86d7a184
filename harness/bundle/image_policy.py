"""What a stranger's image may ask of the engine that runs it: nothing but a program to start.

A container is given its user, mounts, limits and network by us. What an image's configuration can
add to that is refused: folders of the host's disk (``Volumes``), programs that the engine starts
beside the job (``Healthcheck``), build steps (``OnBuild``), and variables that reach programs
outside: the NVIDIA container hooks inherit them (CVE-2025-23266: LD_PRELOAD ran as root).

Fields: "Image JSON" of the Docker Image Specification v1.2; config.md of the OCI specification.
"""

from __future__ import annotations

import json
from typing import Any

from harness.bundle.foreign_tar import short

_ADDING = ("Volumes", "Healthcheck", "OnBuild")
_OUTSIDE_NAMES = ("LD_", "GLIBC_TUNABLES", "NVIDIA_", "DOCKER_")
_LIBRARIES = "LD_LIBRARY_PATH"
_MAPPINGS = ("benchdl.locks", "benchdl.debian")


def objection(config: Any) -> str | None:
    """Why an image with this configuration is not run; None if it may be.

    Args:
        config: the part ``config`` of an image's JSON, or ``Config`` of what the engine says of it.
    """
    if not isinstance(config, dict):
        return "its configuration says nothing of what to run"
    # An engine takes a key in any case.
    told = {str(key).casefold(): value for key, value in config.items()}
    for key in _ADDING:
        if told.get(key.casefold()):
            return f"its configuration has {key}, which adds to what a job may do"
    variables, labels = told.get("env") or [], told.get("labels") or {}
    if not isinstance(variables, list) or not isinstance(labels, dict):
        return "its variables are no list, or its labels are none"
    for pair in variables:
        name, _, value = str(pair).partition("=")
        if reaches_outside(name, value):
            return f"it sets {short(name)}, which may act outside of the container"
    for key in _MAPPINGS:
        if not _is_mapping(labels.get(key) or "{}"):
            return f"its label {key} is no list of versions"
    return None


def reaches_outside(name: str, value: str) -> bool:
    """Whether a container's variable may act on programs of the engine."""
    if name == _LIBRARIES:
        return not all(part.startswith("/") for part in value.split(":"))
    return name.startswith(_OUTSIDE_NAMES)


def _is_mapping(text: Any) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
