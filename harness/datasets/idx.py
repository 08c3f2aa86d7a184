"""The four IDX files of a dataset: their names, sizes and checks."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from harness import files

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


class Identity(NamedTuple):
    """What changes with every exchange or change of a file; times in nanoseconds."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True)
class Sound:
    """A file whose contents were verified: where it lies, links resolved, and which it was.

    ``packed``: it is compressed, as the name says under which it was found.
    """

    path: Path
    packed: bool
    identity: Identity


@dataclass(frozen=True)
class Inspection:
    """What a directory holds: the names that are missing, what is wrong, and the sound files."""

    missing: tuple[str, ...]
    problem: str
    sound: dict[str, Sound] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether all four files are there and have the expected contents."""
        return not self.missing and not self.problem

    @property
    def absent(self) -> bool:
        """Whether none of the files is there."""
        return len(self.missing) == len(SHAPES) and not self.problem


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


def choose(directory: Path, name: str) -> Path | None:
    """The one file of a directory that is taken for ``name``: the rule, and the only place of it.

    The raw file goes before the compressed one, and the usual spelling before others that are
    about (``t10k-images.idx3-ubyte``, capitals). A folder of that name is passed over; anything
    else, also a link that leads nowhere, is taken for the file, so that what is wrong is reported.

    Raises:
        IdxError: the directory cannot be listed.
    """
    try:
        entries = [path for path in files.listing(directory) if not files.is_dir(path)]
    except files.FileError as error:
        raise IdxError(f"{directory} cannot be listed: {error.message}") from None
    for wanted in (name, f"{name}.gz"):
        fitting = [path for path in entries if _usual(path.name) == wanted]
        if fitting:
            return next((path for path in fitting if path.name == wanted), fitting[0])
    return None


def _usual(name: str) -> str:
    """A file's name in the usual spelling of these files."""
    lower = name.lower()
    packed = ".gz" if lower.endswith(".gz") else ""
    return lower.removesuffix(packed).replace(".", "-") + packed


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


def verify(path: Path, name: str, sha256: str, *, packed: bool) -> Identity:
    """Read one file and check it.

    Returns:
        Which file it was whose contents were read.

    Raises:
        IdxError: it is no plain file, cannot be read or is not the expected one.
    """
    try:
        with files.open_plain(path, links=True) as file:
            seen = os.fstat(file.fileno())
            content = gunzip(name, file) if packed else file.read(size(name) + 1)
    except files.MissingError:
        raise IdxError("nothing is there, or a link that leads nowhere") from None
    except files.FileError as error:
        raise IdxError(f"cannot be read ({error.message})") from None
    except OSError as error:
        raise IdxError(f"cannot be read ({files.reason(error)})") from None
    check(name, content, sha256)
    return _identity(seen)


def identity(path: Path) -> Identity | None:
    """Which file lies at a path now; None if there is none."""
    try:
        return _identity(path.stat())
    except OSError:
        return None


def _identity(seen: os.stat_result) -> Identity:
    return Identity(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def inspect(directory: Path, sha256: dict[str, str]) -> Inspection:
    """Look at all four files of a directory; each is decoded once."""
    missing: list[str] = []
    sound: dict[str, Sound] = {}
    problem = ""
    for name in SHAPES:
        try:
            path = choose(directory, name)
        except IdxError as error:
            return Inspection((), str(error))
        if path is None:
            missing.append(name)
            continue
        try:
            real = path.resolve()
            packed = path.name.lower().endswith(".gz")
            found = verify(real, name, sha256[name], packed=packed)
            sound[name] = Sound(real, packed, found)
        except (IdxError, OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            problem = problem or f"{path} is corrupt: {error}"
    return Inspection(tuple(missing), problem, sound)
