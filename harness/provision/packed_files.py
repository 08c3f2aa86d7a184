"""Files out of a ``.gz``, a ``.zip`` or a tar, in memory: bounded, verified, nothing put on a disk.

Only what is stated is read, and never more of it than its stated size. An archive that names a
path outside of itself is refused whole, although nothing would be written there.
"""

from __future__ import annotations

import contextlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from harness import files
from harness.dataset_spec import DataFile
from harness.provision import inspection
from harness.provision.inspection import WrongFileError

PACKINGS = ("", ".gz", ".zip")
"""What may come after a file's name, the one that is preferred first."""

_BROKEN = (EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError, lzma.LZMAError,
           tarfile.TarError, zipfile.BadZipFile, zlib.error)  # fmt: skip
"""What the standard library raises of damaged archives; RuntimeError: encrypted, ValueError: a
place before the file's beginning, or a name that is not UTF-8."""


def content(stream: IO[bytes], file: DataFile, packing: str) -> bytes:
    """The contents of one file that comes as it is, or as ``.gz`` or ``.zip``.

    Raises:
        WrongFileError: it is damaged, or not the expected one.
        OSError: it cannot be read.
    """
    if packing != ".zip":
        return b"".join(inspection.decoded(stream, file, packed=packing == ".gz"))
    with _sound("zip"), zipfile.ZipFile(stream) as archive:
        plain = [info for info in archive.infolist() if not info.is_dir()]
        base = _checked(info.filename for info in plain)
        (member,) = _only(file.name, base)
        with archive.open(plain[member]) as packed:
            return b"".join(inspection.decoded(packed, file, packed=False))


def members(stream: IO[bytes], wanted: Iterable[DataFile]) -> dict[str, bytes]:
    """The contents of these files out of a tar that holds each once, itself or packed.

    Args:
        stream: of the tar, compressed or not. Its checksum must have been looked at.
        wanted: which.

    Raises:
        WrongFileError: it is damaged, lacks one, or one is not the expected one.
    """
    found: dict[str, bytes] = {}
    with _sound("tar"), tarfile.open(fileobj=stream, mode="r:*") as archive:
        entries = archive.getmembers()
        base = _checked(entry.name for entry in entries)
        for file in wanted:
            choices = [(at, packing) for packing in PACKINGS
                       for at in _named(file.name + packing, base)]  # fmt: skip
            if not choices:
                raise WrongFileError(f"it holds no {file.name}")
            at, packing = choices[0]
            packed = archive.extractfile(entries[at]) if entries[at].isreg() else None
            if packed is None:
                raise WrongFileError(f"{entries[at].name} in it is not a plain file")
            with packed:
                found[file.name] = content(packed, file, packing)
    return found


@contextlib.contextmanager
def _sound(kind: str) -> Iterator[None]:
    """What is read is a sound archive of a kind.

    Raises:
        WrongFileError: it is not.
    """
    try:
        yield
    except WrongFileError:
        raise
    except _BROKEN as error:
        raise WrongFileError(f"not a sound {kind} file ({error})") from None
    except OSError as error:  # bzip2's own words, or a place that no file has
        raise WrongFileError(f"not a sound {kind} file ({files.reason(error)})") from None


def _checked(names: Iterable[str]) -> list[str]:
    """The last part of each name, if all of them stay within the archive."""
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    for path in paths:
        if path.is_absolute() or ".." in path.parts:
            raise WrongFileError(f"it names a path outside of itself: {str(path)[:80]!r}")
    return [path.name for path in paths]


def _named(name: str, base: list[str]) -> list[int]:
    return [number for number, found in enumerate(base) if found == name]


def _only(name: str, base: list[str]) -> list[int]:
    found = _named(name, base)
    if len(found) != 1:
        raise WrongFileError(f"it holds {name} {len(found)} times, not once")
    return found
