"""The gallery that is there already: a folder of ours, and of nobody else, may be replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness import files
from harness.errors import UsageError
from harness.files import FileError

DATA = "gallery.json"
"""What the site lists, as data, with the names of all its files: so it is known as ours."""

_MOST_BYTES = 256 * 2**20


def check(site: Path) -> None:
    """Make sure that nothing but a gallery, or nothing, would be replaced.

    Raises:
        UsageError: something else is there.
    """
    if not files.exists(site):
        return
    if not files.is_dir(site):
        raise UsageError(f"{files.shown(site)} is not a folder", "name another with -o")
    written: set[str] | None = None
    for path in _held(site):
        written = _written(site) if written is None else written
        if path not in written:
            raise UsageError(
                f"{files.shown(site)} holds {files.shown(path)}, which no gallery wrote there",
                "name another folder with -o, or empty that one",
            )


def _held(site: Path) -> Iterator[str]:
    """The files below a folder, and what else is no folder."""

    def refuse(error: OSError) -> None:
        raise UsageError(f"cannot list {files.shown(site)}: {files.reason(error)}")

    for folder, inner, names in os.walk(site, onerror=refuse):
        links = [name for name in inner if (Path(folder) / name).is_symlink()]
        for name in [*links, *names]:
            yield (Path(folder) / name).relative_to(site).as_posix()


def _written(site: Path) -> set[str]:
    """What the gallery there says that it wrote; nothing where there is none."""
    try:
        data = files.read_json(site / DATA, _MOST_BYTES)
    except FileError:
        return set()
    told = data.get("files") if isinstance(data, dict) else None
    if not isinstance(told, list):
        return set()
    return {DATA, *(path for path in told if isinstance(path, str))}
