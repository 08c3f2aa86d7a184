"""The contents of one file of a dataset, proven by the checksum that the job states."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Dict, Tuple


class DatasetError(ValueError):
    """The data cannot be used; the message names the file and says what is wrong with it."""


def read(directory: Path, name: str, expected_sha256: Dict[str, str]) -> Tuple[Path, bytes]:
    """Where the file lies, and what it holds, decoded; a raw file goes before one with ``.gz``.

    Args:
        directory: the job's data.
        name: of the file, without ``.gz``.
        expected_sha256: of the decoded contents, by file name.

    Raises:
        DatasetError: it is missing, cannot be read, or is not the expected one.
    """
    path, content = _read(directory, name)
    if name not in expected_sha256:
        raise DatasetError(f"{path}: the job states no checksum for {name}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256[name]:
        raise DatasetError(
            f"{path}: SHA-256 of the contents is {found}, not {expected_sha256[name]}"
        )
    return path, content


def _read(directory: Path, name: str) -> Tuple[Path, bytes]:
    path = directory / name
    try:
        if path.exists():
            return path, path.read_bytes()
        path = directory / (name + ".gz")
        with gzip.open(str(path), "rb") as file:
            return path, file.read()
    except FileNotFoundError:
        raise DatasetError(f"{directory} has neither {name} nor {name}.gz") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from None
