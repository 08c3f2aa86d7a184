"""Headers of a tar that a stranger made: read forwards only, every size bounded.

Taken is what an engine writes: plain files, folders, links and devices in ustar, GNU or pax form
(tar(5), pax(1)). What readers of tar disagree about is refused: sparse files, global headers,
unknown kinds, numbers that are none.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from harness.bundle.archive import BLOCK, CHUNK_BYTES, ArchiveError

_MAX_EXTENDED_BYTES = 2**20
_LONGEST_NUMBER = 10
"""Digits of a pax record's length: those of 1 MiB have 7."""
_MAX_RATIO = 20
"""How many bytes a compressed one may become: files of Debian and Python reach 6."""
_SLACK_BYTES = 64 * 2**20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)
LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)
_OTHERS = (tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)


@dataclass(frozen=True)
class Header:
    """One member; ``offset`` is where its contents begin, in bytes of the tar."""

    name: str
    kind: bytes
    size_bytes: int
    link: str
    offset: int


class Source(Protocol):
    """Bytes that come in order."""

    position: int

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer only at the end."""

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes; raises ArchiveError where there are not so many."""


class Window:
    """A part of an open file; reading it does not depend on who else reads the file."""

    def __init__(self, stream: BinaryIO, offset: int, size_bytes: int) -> None:
        self._stream = stream
        self._offset = offset
        self.size_bytes = size_bytes
        self.position = 0

    def part(self, offset: int, size_bytes: int) -> Window:
        """A window in this one.

        Raises:
            ArchiveError: it would reach beyond.
        """
        if offset + size_bytes > self.size_bytes:
            raise ArchiveError("it is cut off")
        return Window(self._stream, self._offset + offset, size_bytes)

    def read(self, count: int) -> bytes:
        """The next bytes, of this window only."""
        self._stream.seek(self._offset + self.position)
        found = self._stream.read(max(0, min(count, self.size_bytes - self.position)))
        self.position += len(found)
        return found

    def skip(self, count: int) -> None:
        """Go on behind the next ``count`` bytes."""
        if count > self.size_bytes - self.position:
            raise ArchiveError("it is cut off")
        self.position += count

    def pieces(self) -> Iterator[bytes]:
        """All that is left of it."""
        while piece := self.read(CHUNK_BYTES):
            yield piece


class Digested:
    """A source over pieces that counts and digests every byte that passes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._digest = hashlib.sha256()
        self.position = 0

    def read(self, count: int) -> bytes:
        """The next bytes."""
        found = []
        while count > 0:
            if not self._held:
                self._held = next(self._pieces, b"")
                if not self._held:
                    break
                self._digest.update(self._held)
            piece, self._held = self._held[:count], self._held[count:]
            found.append(piece)
            self.position += len(piece)
            count -= len(piece)
        return b"".join(found)

    def skip(self, count: int) -> None:
        """Read and forget."""
        while count > 0:
            piece = self.read(min(count, CHUNK_BYTES))
            if not piece:
                raise ArchiveError("it is cut off")
            count -= len(piece)

    def finish(self) -> str:
        """Read what is left; the SHA-256 of everything."""
        while self.read(CHUNK_BYTES):
            pass
        return self._digest.hexdigest()


def plain(window: Window) -> Iterator[bytes]:
    """The contents of a window, unpacked if they are compressed.

    Raises:
        ArchiveError: broken, grown beyond reason, or compressed in a way that is not read here.
    """
    start = window.part(0, min(4, window.size_bytes)).read(4)
    if start == _ZSTD:
        raise ArchiveError("it is compressed with zstd, which is not read here")
    return _gunzipped(window) if start.startswith(_GZIP) else window.pieces()


def headers(source: Source) -> Iterator[Header]:
    """Every member up to the end of the archive; the contents are passed over.

    Raises:
        ArchiveError: it is cut off, or holds what no engine writes.
    """
    changed: dict[str, str] = {}
    while True:
        block = source.read(BLOCK)
        if not any(block):
            if len(block) < BLOCK:
                raise ArchiveError("it is cut off")
            return
        info = _parsed(block)
        if info.type in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            changed.update(_extended(source, info))
            continue
        if info.type not in (*REGULAR, *LINKS, *_OTHERS):
            raise ArchiveError(f"it holds {short(info.name)}, which is no plain file")
        size = int(changed.get("size", info.size)) if info.type in REGULAR else 0
        yield Header(
            name=changed.get("path", info.name),
            kind=info.type,
            size_bytes=size,
            link=changed.get("linkpath", info.linkname),
            offset=source.position,
        )
        changed = {}
        source.skip(size + -size % BLOCK)


def escapes(name: str) -> bool:
    """Whether a path in a tar leads out of the folder it is unpacked into."""
    return name.startswith("/") or ".." in name.split("/") or "\0" in name


def short(name: str) -> str:
    """A stranger's name for a message: of bounded length, every unusual character escaped."""
    shown = name if len(name) <= 80 else f"{name[:77]}..."
    return ascii(shown)


def _parsed(block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        raise ArchiveError("a header in it is cut off or none") from None
    if info.size < 0:
        raise ArchiveError(f"it holds {short(info.name)} with a size below 0")
    return info


def _extended(source: Source, info: tarfile.TarInfo) -> dict[str, str]:
    """What an extended header says of the member behind it."""
    if info.size > _MAX_EXTENDED_BYTES:
        raise ArchiveError("a header in it has over 1 MiB")
    content = source.read(info.size)
    if len(content) < info.size:
        raise ArchiveError("it is cut off")
    source.skip(-info.size % BLOCK)
    if info.type != tarfile.XHDTYPE:
        key = "path" if info.type == tarfile.GNUTYPE_LONGNAME else "linkpath"
        return {key: content.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    found = dict(_records(content))
    if any(key.startswith("GNU.sparse") for key in found):
        raise ArchiveError("it holds a file with holes")
    if "size" in found and not (found["size"].isascii() and found["size"].isdigit()):
        raise ArchiveError("a header in it has a size that is no number")
    if len(found.get("size", "")) > len(str(2**63)):
        raise ArchiveError("a header in it has a size beyond reason")
    return found


def _records(content: bytes) -> Iterator[tuple[str, str]]:
    """The records ``LENGTH KEY=VALUE`` of a pax header."""
    while content:
        length, blank, _ = content[: _LONGEST_NUMBER + 1].partition(b" ")
        count = int(length) if blank and length.isdigit() else 0
        record, content = content[:count], content[count:]
        key, sign, value = record[len(length) + 1 : -1].partition(b"=")
        if len(record) < count or not sign or not record.endswith(b"\n"):
            raise ArchiveError("an extended header in it is broken")
        yield key.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")


def _gunzipped(window: Window) -> Iterator[bytes]:
    most = window.size_bytes * _MAX_RATIO + _SLACK_BYTES
    unpacker = zlib.decompressobj(31)
    grown = 0
    while not unpacker.eof:
        piece = unpacker.unconsumed_tail or window.read(CHUNK_BYTES)
        try:
            out = unpacker.decompress(piece, CHUNK_BYTES)
        except zlib.error:
            raise ArchiveError("its compression is broken") from None
        if not piece and not out:
            raise ArchiveError("it is cut off")
        grown += len(out)
        if grown > most:
            raise ArchiveError(f"it unpacks to more than {_MAX_RATIO} times its size")
        yield out
    if unpacker.unused_data or window.read(1):
        raise ArchiveError("there are bytes behind its end")
