"""Files that others wrote, opened one way; and our own, written whole or not at all.

Results, job folders, records, bundles and caches may come from anybody. What is opened here is a
plain file within a bound, whatever lies at its place; anything else is :class:`FileError`, with one
line that says why. Nothing here waits for a pipe, follows a link by surprise, or ends in another
exception.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import BenchdlError
from runner.contract import strict_json


class FileError(BenchdlError):
    """What lies at a path cannot be taken; the message says why and does not name the path."""


class MissingError(FileError):
    """Nothing lies there."""


def open_plain(path: Path, *, links: bool = False) -> BinaryIO:
    """Open a plain file for reading.

    Args:
        path: where it should be. Only its last part may not be a link: the folder is the caller's.
        links: follow a link there, as for a file that the user named.

    Raises:
        MissingError: nothing is there.
        FileError: it is no plain file, or may not be opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise MissingError("it is missing") from None
    except (OSError, ValueError) as error:
        raise FileError(reason(error, followed=links)) from None
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        raise FileError(f"it is {_KINDS.get(stat.S_IFMT(kind), 'no plain file')}, not a plain file")
    return os.fdopen(handle, "rb")


def read_plain(path: Path, limit_bytes: int, *, links: bool = False) -> bytes:
    """The contents of a plain file of at most ``limit_bytes``, whose holes count as bytes.

    Raises:
        MissingError: nothing is there.
        FileError: as with :func:`open_plain`, or it is larger, or cannot be read.
    """
    with open_plain(path, links=links) as stream:
        try:
            size = os.fstat(stream.fileno()).st_size
            content = stream.read(limit_bytes + 1) if size <= limit_bytes else None
        except OSError as error:
            raise FileError(reason(error)) from None
    if content is None or len(content) > limit_bytes:
        raise FileError(f"it is too large: {mib(size)}, the limit is {mib(limit_bytes)}")
    return content


def read_text(path: Path, limit_bytes: int, *, links: bool = False) -> str:
    """The same as text.

    Raises:
        MissingError: nothing is there.
        FileError: as with :func:`read_plain`, or it is not UTF-8.
    """
    try:
        return read_plain(path, limit_bytes, links=links).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"byte {error.start} cannot be decoded, it is not UTF-8") from None


def read_json(path: Path, limit_bytes: int, *, links: bool = False) -> Any:
    """The value of a JSON file.

    Raises:
        MissingError: nothing is there.
        FileError: as with :func:`read_plain`, or strict_json does not take it.
    """
    return parse_json(read_plain(path, limit_bytes, links=links))


def parse_json(text: bytes | str) -> Any:
    """The value of a JSON text from outside.

    Raises:
        FileError: strict_json does not take it.
    """
    try:
        return strict_json.parse(text)
    except strict_json.JsonError as error:
        raise FileError(f"it is not valid JSON: {error}") from None


def read_end(path: Path, limit_bytes: int) -> bytes:
    """The last ``limit_bytes`` of a plain file.

    Raises:
        MissingError: nothing is there.
        FileError: as with :func:`open_plain`, or it cannot be read.
    """
    with open_plain(path) as stream:
        try:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - limit_bytes))
            return stream.read(limit_bytes)
        except OSError as error:
            raise FileError(reason(error)) from None


def exists(path: Path) -> bool:
    """Whether something lies there, a link without an end too; False where that cannot be told."""
    return os.path.lexists(path)


def is_file(path: Path) -> bool:
    """Whether a plain file is there, perhaps behind a link; False where that cannot be told."""
    return os.path.isfile(path)  # noqa: PTH113 - Path's raises where a folder may not be entered


def is_dir(path: Path) -> bool:
    """Whether a folder is there, perhaps behind a link; False where that cannot be told."""
    return os.path.isdir(path)  # noqa: PTH112 - Path's raises where a folder may not be entered


def real(path: Path) -> Path:
    """The path without links, as far as it can be told; it need not exist."""
    return Path(os.path.realpath(path))


def leads(path: Path) -> bool:
    """Whether a link leads to something; True for what is no link."""
    return os.path.exists(path)  # noqa: PTH110 - Path's raises where a folder may not be entered


def listing(folder: Path) -> list[Path]:
    """What is in a folder, sorted by name; nothing where there is no such folder.

    Raises:
        FileError: something is there that cannot be listed.
    """
    try:
        return sorted(Path(folder).iterdir())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise FileError(reason(error)) from None


def write_whole(path: Path, content: bytes | str, *, mode: int | None = None) -> None:
    """Write a file so that it is seen complete or not at all, also after a power cut.

    What was there before stays until then, and for good if the disk is full. A link is followed,
    as a shell does; a device or a pipe (``/dev/stdout``) is written to as it is.

    Args:
        path: the file to be.
        content: text is written as UTF-8.
        mode: permissions; None keeps those of the file that was there, or takes the umask's.

    Raises:
        OSError: it cannot be written; no partial file stays behind.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "the name holds a NUL byte")
    with contextlib.suppress(FileNotFoundError):
        was = path.stat().st_mode
        if stat.S_ISDIR(was):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(was) or str(path).startswith(("/dev/", "/proc/")):
            path.write_bytes(raw)
            return
        mode = stat.S_IMODE(was) if mode is None else mode
    with whole(path, mode=mode) as stream:
        stream.write(raw)


@contextlib.contextmanager
def whole(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream whose contents become the file at the end of the body, all of them or none.

    Nothing is seen of it before, and nothing is left of it if the body raises.

    Args:
        path: the file to be; a link is followed.
        mode: permissions; None takes the umask's.

    Raises:
        OSError: it cannot be written.
    """
    target = real(path)
    partial = target.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(handle, "wb") as stream:
            if mode is not None:
                os.fchmod(handle, mode)
            yield stream
            stream.flush()
            os.fsync(handle)
        partial.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync(target.parent)


def sync(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the file system can promise that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_full(error: OSError) -> bool:
    """Whether there was no room on the disk, or none of the user's share of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def reason(error: OSError | ValueError, *, followed: bool = True) -> str:
    """An error of the operating system on one line, without the path; ``ValueError`` is a NUL."""
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP and not followed:
            return "it is a link, not a plain file"
        if error.errno == errno.ENXIO:
            return "it is a socket, not a plain file"
        return error.strerror or str(error)
    return "its name holds a NUL byte" if "null" in str(error) else "its name cannot be used"


def shown(path: Path | str | bytes) -> str:
    """A path as text that every stream takes: bytes that are not UTF-8 are written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def mib(size_bytes: int) -> str:
    """A size in words, in MiB."""
    return f"{size_bytes / 2**20:,.0f} MiB"


_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
