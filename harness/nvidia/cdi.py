"""The GPUs that an engine can inject by CDI, the Container Device Interface.

Engines from 28.3 (API 1.50) list the devices themselves. Older ones, from 25, say only in which
folders they look: those are read here, which is right for an engine on this host.
Specification: https://github.com/cncf-tags/container-device-interface
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from harness import files
from harness.files import FileError

KIND = "nvidia.com/gpu"
FOLDERS = ("/etc/cdi", "/var/run/cdi")

_MAX_BYTES = 2**20


def devices(info: dict[str, Any]) -> set[str]:
    """Full names of the NVIDIA GPUs that the engine with this ``/info`` can inject."""
    found = info.get("DiscoveredDevices")
    if found is not None:
        names = {str(device.get("ID", "")) for device in found}
        return {name for name in names if name.startswith(f"{KIND}=")}
    folders = [Path(str(folder)) for folder in info.get("CDISpecDirs") or []]
    return {name for file in specs(folders) for name in named(file)}


def specs(folders: list[Path] | None = None) -> list[Path]:
    """Files of specifications on this host."""
    chosen = [Path(folder) for folder in FOLDERS] if folders is None else folders
    found: list[Path] = []
    for folder in chosen:
        with contextlib.suppress(FileError):
            found += files.listing(folder)
    return [file for file in found if file.suffix in (".json", ".yaml", ".yml")]


def named(file: Path) -> set[str]:
    """Full names of the NVIDIA GPUs of one specification; none if it cannot be read.

    nvidia-ctk writes YAML of a fixed, flat shape: the names stand in lines of their own under
    ``devices:``, and no parser for YAML is needed to find them.
    """
    try:
        text = files.read_text(file, _MAX_BYTES, links=True)
    except FileError:
        return set()
    if file.suffix == ".json":
        try:
            data = files.parse_json(text)
            kind, names = data["kind"], [str(device["name"]) for device in data["devices"]]
        except (FileError, KeyError, TypeError):
            return set()
    else:
        match = re.search(r"^kind:\s*[\"']?([^\s\"']+)", text, re.MULTILINE)
        kind = match.group(1) if match else ""
        _, _, below = text.partition("\ndevices:")
        # A device's own name is at the depth of its list; deeper ones are those of hooks.
        lines = re.findall(r"^(\s*)(?:- |  )name:\s*[\"']?([^\s\"']+)", below, re.MULTILINE)
        depth = min((len(indent.strip("\n")) for indent, _ in lines), default=0)
        names = [name for indent, name in lines if len(indent.strip("\n")) == depth]
    return {f"{KIND}={name}" for name in names} if kind == KIND else set()
