"""The files in an archive of many, read one after the other and never written.

A source's checksum is looked at before; what is read is bounded nevertheless: each file, how many
there are, and all that the archive unpacks to.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

_MOST_MEMBERS = 200_000


class Limits(NamedTuple):
    """The most bytes of one file, and of all that the archive unpacks to."""

    file_bytes: int
    all_bytes: int


def matching(
    archive: bytes, name: str, pattern: re.Pattern[str], limits: Limits
) -> Iterator[tuple[re.Match[str], bytes]]:
    """Each plain file of a ``.tar.gz`` whose whole path matches, in the archive's order.

    A ``./`` before a path is none of it.

    Args:
        archive: its bytes.
        name: what messages call it.
        pattern: of the paths within.
        limits: beyond which nothing is read.

    Raises:
        ValueError: it is no sound archive, or beyond a limit.
    """
    try:
        with (
            _Bounded(archive, limits.all_bytes, name) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            for number, entry in enumerate(tar):
                if number >= _MOST_MEMBERS:
                    raise ValueError(f"{name} holds more than {_MOST_MEMBERS:,} files")
                found = pattern.fullmatch(entry.name.removeprefix("./"))
                stream = tar.extractfile(entry) if found and entry.isreg() else None
                if found and stream:
                    yield found, _read(stream, entry.name, limits.file_bytes)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{name} is not a sound tar file ({error})") from None


def _read(stream: IO[bytes], path: str, most: int) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path[:80]!r} has more than {most:,} bytes")
    return content


class _Bounded(gzip.GzipFile):
    """A gzip file of which no more than so much is unpacked."""

    def __init__(self, archive: bytes, most: int, name: str) -> None:
        super().__init__(fileobj=io.BytesIO(archive))
        self._left, self._most, self._called = most, most, name

    def read(self, size: int | None = -1) -> bytes:
        """As a file does.

        Raises:
            ValueError: more was read than there may be.
        """
        piece = super().read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError(f"{self._called} unpacks to more than {self._most:,} bytes")
        return piece
