"""The test backend by a name of its own: its image is nobody else's.

Tests beside each other share an engine, and the last build has the public name. Who changes what is
in the image of ``dummy`` would take it from the others, and they from him.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import docker


def unique() -> str:
    """A backend's name that no other test has."""
    return f"dummy{uuid.uuid4().hex[:8]}"


def copy(dummy_root: Path, root: Path, name: str) -> Path:
    """Copy the checkout of the test backend to ``root``; there it is called ``name``."""
    shutil.copytree(dummy_root, root)
    (root / "docker" / "dummy").rename(root / "docker" / name)
    modules = root / "runner" / "backends"
    (modules / "dummy.py").rename(modules / f"{name}.py")
    return root


def forget(engine: docker.DockerClient, name: str) -> None:
    """Remove what was built of the backend."""
    for image in engine.images.list(name=f"benchdl/{name}"):
        engine.images.remove(image.id, force=True)
