"""Room on disks, as ``benchdl doctor`` finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness import files
from harness.doctor.line import Line, broken, ok

# A result with its samples and log takes 0.1 MB; the environment of PyTorch, the largest, 6 GB.
_RESULTS, _CACHE = 1e9, 7e9
# The largest image of each flavour, and as much again while it is built.
_CPU_IMAGES, _GPU_IMAGES = 12e9, 15e9


def for_results(folder: Path) -> Line:
    """Where results are stored."""
    return _disk("disk for results", folder, _RESULTS)


def for_cache(folder: Path) -> Line:
    """Where data and environments are kept."""
    return _disk("disk for the cache", folder, _CACHE)


def for_images(folder: Path, *, gpu: bool) -> Line:
    """Where the engine keeps images; those for a GPU are larger."""
    return _disk("disk for images", folder, _GPU_IMAGES if gpu else _CPU_IMAGES)


def _disk(subject: str, folder: Path, needed: float) -> Line:
    places = (folder, *folder.absolute().parents)
    there = next((place for place in places if files.leads(place)), Path("/"))
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return broken(subject, f"{there}: {files.reason(error)}", "name another folder")
    found = f"{free / 1e9:.1f} GB free"
    if free > needed:
        return ok(subject, found)
    return broken(subject, found, f"make room, {needed / 1e9:.0f} GB are enough: {there}")
