"""The four IDX files of a dataset: their names, sizes and checks."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"

SHAPES: dict[str, tuple[int, ...]] = {
    TRAIN_IMAGES: (60_000, 28, 28),
    TRAIN_LABELS: (60_000,),
    TEST_IMAGES: (10_000, 28, 28),
    TEST_LABELS: (10_000,),
}
"""Every file by its undecorated name, with the shape of its bytes."""


class IdxError(ValueError):
    """A file is not what it should be; the message says why, without the file's name."""


@dataclass(frozen=True)
class Inspection:
    """What a directory holds: the names that are missing, and what is wrong with the others."""

    missing: tuple[str, ...]
    problem: str

    @property
    def complete(self) -> bool:
        """Whether all four files are there and have the expected contents."""
        return not self.missing and not self.problem

    @property
    def absent(self) -> bool:
        """Whether none of the files is there."""
        return len(self.missing) == len(SHAPES)


def header(name: str) -> bytes:
    """The magic number (0, 0, 8 for bytes, dimensions) and the sizes, big-endian."""
    shape = SHAPES[name]
    return bytes((0, 0, 8, len(shape))) + b"".join(size.to_bytes(4, "big") for size in shape)


def size(name: str) -> int:
    """Bytes of the decoded file, header included."""
    count = 1
    for length in SHAPES[name]:
        count *= length
    return len(header(name)) + count


def find(directory: Path, name: str) -> Path | None:
    """The raw file if there is one, else the compressed one, else None."""
    candidates = (directory / name, directory / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)


def check(name: str, content: bytes, sha256: str) -> None:
    """Compare decoded contents with the magic number, the size and the checksum.

    Raises:
        IdxError: they differ; the message has the expected and the found value.
    """
    start = header(name)
    if content[: len(start)] != start:
        found, wanted = content[: len(start)].hex(), start.hex()
        raise IdxError(f"not the expected IDX file: header expected {wanted}, found {found}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise IdxError(f"SHA-256 of the contents expected {sha256}, found {digest}")


def gunzip(name: str, file: IO[bytes]) -> bytes:
    """Decoded contents of a compressed file, never more than one byte beyond the right size.

    Raises:
        IdxError: not a gzip file, or a damaged one.
    """
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return stream.read(size(name) + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IdxError(f"not a sound gzip file ({error})") from None


def verify(path: Path, name: str, sha256: str) -> None:
    """Read one file and check it.

    Raises:
        IdxError: it cannot be read or is not the expected one.
    """
    try:
        with path.open("rb") as file:
            packed = path.suffix == ".gz"
            content = gunzip(name, file) if packed else file.read(size(name) + 1)
    except OSError as error:
        raise IdxError(f"cannot be read ({error.strerror or error})") from None
    check(name, content, sha256)


def inspect(directory: Path, sha256: dict[str, str]) -> Inspection:
    """Look at all four files of a directory; each is decoded once."""
    missing: list[str] = []
    problem = ""
    for name in SHAPES:
        path = find(directory, name)
        if path is None:
            missing.append(name)
            continue
        try:
            verify(path, name, sha256[name])
        except IdxError as error:
            problem = problem or f"{path} is corrupt: {error}"
    return Inspection(tuple(missing), problem)
