"""A tar in which no byte is free: whatever is changed in it is seen.

Plain files only, one header block each (POSIX.1-1988 ustar; from 8 GiB on GNU tar's number format),
which follows from name and size alone; zeros up to the next block; two blocks of zeros at the end.
A reader writes each header again and compares. Format: tar(5), and Python's ``tarfile``.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from harness.bundle.manifest import Member, is_safe

BLOCK = 512
CHUNK_BYTES = 1 << 20

_END = bytes(2 * BLOCK)
_MAX_MEMBERS = 1_000_000
_USTAR_LIMIT_BYTES = 8**11


class ArchiveError(ValueError):
    """The file is not such a tar; the message says where, on one line."""


@dataclass(frozen=True)
class Entry:
    """A member in a file: ``offset`` in bytes of its contents, and their size."""

    path: str
    offset: int
    size_bytes: int


class Writer:
    """Writes members into ``stream``, which must be seekable and empty."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.members: list[Member] = []

    def add(self, path: str, chunks: Iterable[bytes]) -> Member:
        """Append a member; its size is known only when ``chunks`` have ended.

        Raises:
            ArchiveError: the path cannot be a member's.
            OSError: it cannot be written.
        """
        if not is_safe(path):
            raise ArchiveError(f"'{path}' cannot be a name in a bundle")
        start = self._stream.tell()
        self._stream.write(bytes(BLOCK))
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            self._stream.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        self._stream.write(bytes(-size % BLOCK))
        end = self._stream.tell()
        self._stream.seek(start)
        self._stream.write(header(path, size))
        self._stream.seek(end)
        member = Member(path=path, size_bytes=size, sha256=digest.hexdigest())
        self.members.append(member)
        return member

    def finish(self) -> None:
        """Write the end of the archive."""
        self._stream.write(_END)


def header(path: str, size_bytes: int) -> bytes:
    """The one header block that a member of this path and size has.

    Raises:
        ArchiveError: the path is too long for it.
    """
    info = tarfile.TarInfo(path)
    info.size, info.mode = size_bytes, 0o644
    small = size_bytes < _USTAR_LIMIT_BYTES
    try:
        block = info.tobuf(tarfile.USTAR_FORMAT if small else tarfile.GNU_FORMAT, "ascii", "strict")
    except ValueError as error:
        raise ArchiveError(f"'{path[:200]}' cannot be a name in a bundle: {error}") from None
    if len(block) != BLOCK:
        raise ArchiveError(f"'{path[:200]}' is too long a name for a bundle")
    return block


def walk(stream: BinaryIO) -> list[Entry]:
    """Every member's place; headers, padding and the end are compared with what they must be.

    Raises:
        ArchiveError: a byte of these is another, a path is unsafe or comes twice, or it ends early.
    """
    total = stream.seek(0, 2)
    entries: dict[str, Entry] = {}
    last, offset = "the beginning", 0
    while True:
        stream.seek(offset)
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise ArchiveError(f"it is cut off after {last}")
        if not any(block):
            break
        entry = _entry(block, offset, last)
        end = entry.offset + entry.size_bytes
        if end + -end % BLOCK > total:
            raise ArchiveError(f"it is cut off in {entry.path}")
        if entry.path in entries:
            raise ArchiveError(f"it holds {entry.path} twice")
        if len(entries) >= _MAX_MEMBERS:
            raise ArchiveError(f"it holds more than {_MAX_MEMBERS:,} members")
        stream.seek(end)
        if any(stream.read(-end % BLOCK)):
            raise ArchiveError(f"the padding behind {entry.path} was changed")
        entries[entry.path] = entry
        last, offset = entry.path, end + -end % BLOCK
    stream.seek(offset)
    if stream.read(len(_END)) != _END:
        raise ArchiveError(f"its end, behind {last}, was changed or cut off")
    if offset + len(_END) != total:
        raise ArchiveError(f"there are {total - offset - len(_END)} bytes behind its end")
    return list(entries.values())


def chunks(stream: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The contents of a member, piece by piece."""
    done = 0
    while done < entry.size_bytes:
        stream.seek(entry.offset + done)
        piece = stream.read(min(CHUNK_BYTES, entry.size_bytes - done))
        if not piece:
            raise ArchiveError(f"it is cut off in {entry.path}")
        done += len(piece)
        yield piece


def _entry(block: bytes, offset: int, last: str) -> Entry:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        what = f"the header behind {last} (byte {offset}) was changed"
        raise ArchiveError(what if offset else "it is not a benchdl bundle") from None
    if not info.isreg() or info.size < 0:
        raise ArchiveError(f"it holds '{info.name[:200]}', which is no plain file")
    if not is_safe(info.name):
        raise ArchiveError(f"it holds '{info.name[:200]}', a path that leads elsewhere")
    if block != header(info.name, info.size):
        raise ArchiveError(f"the header of {info.name} (byte {offset}) was changed")
    return Entry(info.name, offset + BLOCK, info.size)
