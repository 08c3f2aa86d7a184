"""Proofs of images in the cache: each in a file whose name says what it is of.

The name is a digest of all that a proof belongs to: image, locks, workload, settings, processor.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import ValidationError

from harness import cache, files
from harness.errors import BenchdlError
from runner.contract.conformance import Conformance

_MAX_BYTES = 2**20


def folder() -> Path:
    """Where they are."""
    return cache.cache_dir() / "conformance"


def file_of(key: str) -> Path:
    """Where the one of this digest is, or would be."""
    return folder() / f"{key}.json"


def read(file: Path) -> Conformance | None:
    """What was proven; None where nothing is there that could be taken for it."""
    try:
        return Conformance.model_validate_json(files.read_plain(file, _MAX_BYTES))
    except (BenchdlError, ValidationError):
        return None


def keep(file: Path, found: Conformance) -> None:
    """Write it. Without a cache that can be written it is proven again another time."""
    with contextlib.suppress(BenchdlError), cache.storing(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write_whole(file, found.model_dump_json(indent=1))
