"""``SHA256SUMS`` beside a result: written last, so that the store notices any later change.

The form is that of sha256sum(1): ``sha256sum -c SHA256SUMS`` in a result's folder checks it
without benchdl. Results that were stored before there was such a file have none, and are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from harness import files
from harness.files import FileError, MissingError

NAME = "SHA256SUMS"

ALWAYS = ("job.json", "result.json")
PERHAPS = ("log.txt", "samples.csv", "samples.json")
"""What a job leaves besides, or not."""

AT_ONCE_BYTES = 256 * 1024
"""Files of up to this size are checked whenever their result is read; larger ones where they are
used themselves (timelines, ``show``, bundles), so that a table of long runs does not read
gigabytes."""

_MAX_BYTES = 4096
_CHUNK_BYTES = 2**20
_LINE = re.compile(r"([0-9a-f]{64})  ([a-z]+\.[a-z]+)\n")


def text(sums: Mapping[str, str]) -> str:
    """The file's contents for SHA-256 in hexadecimal by file name."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def read(folder: Path) -> dict[str, str] | None:
    """SHA-256 by file name; None for a result without checksums.

    Raises:
        FileError: the file was changed.
    """
    try:
        raw = files.read_text(folder / NAME, _MAX_BYTES)
    except MissingError:
        return None
    except FileError as error:
        raise FileError(f"{NAME} cannot be used: {error.message}") from None
    sums = {name: digest for digest, name in _LINE.findall(raw)}
    if raw != text(sums) or not set(ALWAYS) <= set(sums) <= {*ALWAYS, *PERHAPS}:
        raise FileError(f"{NAME} was changed: it is not as benchdl wrote it")
    return sums


def check(folder: Path, known: Mapping[str, bytes], *, whole: bool = False) -> bool:
    """Compare the files of a result with what was stored; returns whether it has checksums.

    Args:
        folder: the result's.
        known: contents that were read already, by file name.
        whole: look at large files as well.

    Raises:
        FileError: one of them was changed or is missing; one that was added is not looked at.
    """
    sums = read(folder)
    if sums is None:
        return False
    for name, expected in sums.items():
        if name in known:
            found = hashlib.sha256(known[name]).hexdigest()
        elif whole or _size(folder / name) <= AT_ONCE_BYTES:
            found = _of_file(folder / name)
        else:
            continue
        if found != expected:
            raise FileError(f"{name} was changed: its SHA-256 is not that in {NAME}")
    return True


def holds(folder: Path, name: str, content: bytes) -> bool:
    """Whether ``content`` is what was stored as ``name``; of a result without checksums, yes.

    Raises:
        FileError: the file of the checksums was changed.
    """
    sums = read(folder)
    return sums is None or sums.get(name) == hashlib.sha256(content).hexdigest()


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError as error:
        raise FileError(f"{file.name} was changed: {files.reason(error)}") from None


def _of_file(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with files.open_plain(file) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except FileError as error:
        raise FileError(f"{file.name} was changed: {error.message}") from None
    except OSError as error:
        raise FileError(f"{file.name} cannot be read: {files.reason(error)}") from None
    return digest.hexdigest()
