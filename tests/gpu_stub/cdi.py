"""A CDI specification of the stub driver's GPUs, in the shape of ``nvidia-ctk cdi generate``.

Names are indices, UUIDs and ``all``; the libraries and the device files are those that
:mod:`inject` brings, and the script says ``given = devices``: a specification cannot know which of
its devices a container will have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpu_stub.inject import LIBRARIES, MAJOR, SCRIPT

SPECIFICATION = "nvidia.json"


def write(folder: Path, stub: Path, uuids: list[str]) -> None:
    """Write the specification of GPUs 0, 1, ... with these UUIDs into ``folder``."""
    script = stub / "script-of-cdi"
    script.write_text((stub / "script").read_text() + "\n[machine]\ngiven = devices\n")
    mounts = {f"{LIBRARIES}/{file.name}": file for file in sorted(stub.glob("lib*.so.*"))}
    specification = {
        "cdiVersion": "0.5.0",
        "kind": "nvidia.com/gpu",
        "containerEdits": {
            "env": ["NVIDIA_VISIBLE_DEVICES=void"],
            "deviceNodes": [_node("nvidiactl", 255)],
            "mounts": [
                {"hostPath": str(source), "containerPath": place, "options": ["ro", "bind"]}
                for place, source in {**mounts, SCRIPT: script}.items()
            ],
        },
        "devices": [
            {"name": name, "containerEdits": {"deviceNodes": [_node(f"nvidia{n}", n) for n in of]}}
            for name, of in _names(uuids).items()
        ],
    }
    draft = folder / "draft"
    draft.write_text(json.dumps(specification))
    draft.replace(folder / SPECIFICATION)


def _names(uuids: list[str]) -> dict[str, list[int]]:
    numbers = range(len(uuids))
    by_index = {str(number): [number] for number in numbers}
    return {**by_index, **{uuids[n]: [n] for n in numbers}, "all": list(numbers)}


def _node(name: str, minor: int) -> dict[str, Any]:
    path = f"/dev/{name}"
    return {"path": path, "type": "c", "major": MAJOR, "minor": minor, "fileMode": 0o666}
