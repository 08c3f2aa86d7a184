"""The files of a dataset in a folder: which they are, and whether they are what they should be."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from harness import files
from harness.dataset_spec import DataFile, DatasetSpec

_CHUNK_BYTES = 1 << 20


class WrongFileError(ValueError):
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
    """What a directory holds: the names that are missing, what is wrong, and the sound files.

    ``absent``: none of the files is there.
    """

    missing: tuple[str, ...]
    problem: str
    sound: dict[str, Sound] = field(default_factory=dict)
    absent: bool = False

    @property
    def complete(self) -> bool:
        """Whether all files are there and have the expected contents."""
        return not self.missing and not self.problem


def inspect(directory: Path, spec: DatasetSpec) -> Inspection:
    """Look at all files of a dataset in a directory; each is decoded once.

    Of one whose checksums are not known nothing is found: nothing could prove it.
    """
    if not spec.pinned:
        return Inspection(tuple(file.name for file in spec.files), "", absent=True)
    missing: list[str] = []
    sound: dict[str, Sound] = {}
    problem = ""
    for file in spec.files:
        try:
            path = choose(directory, file.name)
        except WrongFileError as error:
            return Inspection((), str(error))
        if path is None:
            missing.append(file.name)
            continue
        try:
            real = path.resolve()
            packed = path.name.lower().endswith(".gz")
            sound[file.name] = Sound(real, packed, verify(real, file, packed=packed))
        except (WrongFileError, OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            problem = problem or f"{path} is corrupt: {error}"
    absent = bool(missing) and len(missing) == len(spec.files)
    return Inspection(tuple(missing), problem, sound, absent)


def choose(directory: Path, name: str, packings: tuple[str, ...] = ("", ".gz")) -> Path | None:
    """The one file of a directory that is taken for ``name``: the rule, and the only place of it.

    The raw file goes before the packed ones, whose names end as ``packings`` says, and the usual
    spelling before others that are about (``t10k-images.idx3-ubyte``, capitals). A folder of that
    name is passed over; anything else, also a link that leads nowhere, is taken for the file, so
    that what is wrong is reported.

    Raises:
        WrongFileError: the directory cannot be listed.
    """
    try:
        entries = [path for path in files.listing(directory) if not files.is_dir(path)]
    except files.FileError as error:
        raise WrongFileError(f"{directory} cannot be listed: {error.message}") from None
    for wanted in (name + packing for packing in packings):
        fitting = [path for path in entries if _usual(path.name) == _usual(wanted)]
        if fitting:
            return next((path for path in fitting if path.name == wanted), fitting[0])
    return None


def _usual(name: str) -> str:
    """A file's name without what spellings differ in."""
    lower = name.lower()
    packed = ".gz" if lower.endswith(".gz") else ""
    return lower.removesuffix(packed).replace(".", "-") + packed


def verify(path: Path, file: DataFile, *, packed: bool) -> Identity:
    """Read one file and check it.

    Returns:
        Which file it was whose contents were read.

    Raises:
        WrongFileError: it is no plain file, cannot be read or is not the expected one.
    """
    try:
        with files.open_plain(path, links=True) as stream:
            seen = os.fstat(stream.fileno())
            for _ in decoded(stream, file, packed=packed):
                pass
    except files.MissingError:
        raise WrongFileError("nothing is there, or a link that leads nowhere") from None
    except files.FileError as error:
        raise WrongFileError(f"cannot be read ({error.message})") from None
    except OSError as error:
        raise WrongFileError(f"cannot be read ({files.reason(error)})") from None
    return _identity(seen)


def decoded(stream: IO[bytes], file: DataFile, *, packed: bool) -> Iterator[bytes]:
    """The contents of a file in pieces, never more than one byte beyond the right size.

    Who takes them must not use them before the last one has come: only then are they proven.

    Raises:
        WrongFileError: not a sound gzip file, it is larger than it may be, or its first bytes or
            its checksum differ.
        OSError: it cannot be read.
    """
    digest, left = hashlib.sha256(), file.size_bytes + 1
    try:
        source = gzip.GzipFile(fileobj=stream) if packed else stream
        head = b""
        while piece := source.read(min(left, _CHUNK_BYTES)):
            head += piece[: len(file.head) - len(head)]
            if not head.startswith(file.head[: len(head)]):
                break
            digest.update(piece)
            left -= len(piece)
            yield piece
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        if not packed:
            raise  # of what the stream itself is in
        raise WrongFileError(f"not a sound gzip file ({error})") from None
    if head != file.head:
        pickle = " (a Python pickle, which benchdl never loads)" if _is_pickle(head) else ""
        raise WrongFileError(
            f"another kind of file: header expected {file.head.hex()}, found {head.hex()}{pickle}"
        )
    if left <= 0:  # the rest was not read: a checksum of the beginning would mislead
        raise WrongFileError(f"it has more than {file.size_bytes:,} bytes")
    if file.sha256 and digest.hexdigest() != file.sha256:
        raise WrongFileError(
            f"SHA-256 of the contents expected {file.sha256}, found {digest.hexdigest()}"
        )


def _is_pickle(head: bytes) -> bool:
    """By its first opcode: PROTO with one of the protocols 2 to 5 (Python's pickletools)."""
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5


def identity(path: Path) -> Identity | None:
    """Which file lies at a path now; None if there is none."""
    try:
        return _identity(path.stat())
    except OSError:
        return None


def _identity(seen: os.stat_result) -> Identity:
    return Identity(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
