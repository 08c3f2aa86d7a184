"""Whether two copies of a result or a record are of one and the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from harness import checksums, files, store
from harness.errors import BenchdlError
from harness.importing.incoming import FILES
from harness.launchers.exchange import MAX_SAMPLES_BYTES

_FOR_A_PATH = re.compile(r"\$BENCHDL_|~")
"""What :mod:`harness.bundle.redaction` writes in the place of a path in a record or a result."""


def of_results(ours: Path, theirs: Path, *, words_for_paths: bool) -> bool:
    """Whether two sound folders hold the same result.

    Args:
        ours: the folder in the store.
        theirs: the one that is to come in, which was checked.
        words_for_paths: one of them went through a bundle, which wrote words in the place of paths.

    Raises:
        BenchdlError: what is in the store is damaged.
    """
    try:
        store.read(ours, whole=True)
    except BenchdlError as error:
        raise BenchdlError(f"what is here under this id is damaged: {error.message}") from None
    sums = [_content(folder, checksums.NAME) for folder in (ours, theirs)]
    if sums[0] is not None and sums[0] == sums[1]:
        return True
    if words_for_paths:
        return alike(*(_content(folder, "result.json") for folder in (ours, theirs)))
    if None not in sums:
        return False
    return all(_content(ours, name) == _content(theirs, name) for name in FILES)


def alike(ours: bytes | None, theirs: bytes | None) -> bool:
    """Whether two JSON texts differ in nothing but texts in which a path became a word."""
    if ours is None or theirs is None:
        return ours is theirs
    return _alike(json.loads(ours), json.loads(theirs))


def _alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours == theirs or any(_FOR_A_PATH.search(text) for text in (ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        # A key may be a path as well: libraries are told by theirs.
        pairs = zip(ours.items(), theirs.items(), strict=False)
        return len(ours) == len(theirs) and all(map(_alike_pairs, pairs))
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return bool(type(ours) is type(theirs) and ours == theirs)


def _alike_pairs(pairs: tuple[tuple[str, Any], tuple[str, Any]]) -> bool:
    return all(map(_alike, *pairs))


def _content(folder: Path, name: str) -> bytes | None:
    file = folder / name
    return files.read_plain(file, MAX_SAMPLES_BYTES) if files.exists(file) else None
