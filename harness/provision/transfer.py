"""One file from one mirror, streamed to a file on disk; it goes on where an earlier try broke off.

pooch, the usual library for this, is not used: it checks the compressed file and not the contents
(mirrors compress the same contents differently), begins again after a break, and bounds neither the
size nor the time of an answer.
"""

from __future__ import annotations

import contextlib
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from harness import cache
from harness.dataset_spec import DataFile
from harness.provision.progress import Advance

FILE_S = 180.0
"""How long one file may take, whatever its size."""

_SLOWEST_BYTES_S = 100_000
"""And how much longer it may take for its size: the slowest line that is waited for."""

_SILENCE_S = 10.0
_CHUNK_BYTES = 1 << 16
_SPARE_BYTES = 1 << 16
"""What compression may add to contents that cannot be compressed: a header and a few bytes a block
(RFC 1951), for which a hundredth is allowed besides."""

ERRORS = (OSError, HTTPException, ValueError)
"""What a transfer may raise: no answer, a broken one, or one that is not HTTP at all."""


def opened(
    url: str,
    *,
    since: int = 0,
    silence_s: float = _SILENCE_S,
    opener: urllib.request.OpenerDirector | None = None,
) -> HTTPResponse:
    """The answer of a server, from byte ``since`` on if it can do that; ``opener`` reaches it.

    Raises:
        OSError, HTTPException, ValueError: there is none.
    """
    headers = {"User-Agent": "benchdl"}
    if since:
        headers["Range"] = f"bytes={since}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    by = opener.open if opener else urllib.request.urlopen
    answer: HTTPResponse = by(request, timeout=silence_s)
    return answer


def fetch(
    url: str,
    file: DataFile,
    partial: Path,
    advance: Advance,
    opener: urllib.request.OpenerDirector | None = None,
) -> None:
    """Put what ``url`` holds into ``partial``, after what is there already. It is not checked.

    Args:
        url: of the file, compressed or not.
        file: what it is to be once it is decoded; this bounds its size.
        partial: what came so far stays there if the transfer breaks off.
        advance: is told how many bytes are there.
        opener: reaches the address, where that takes more than usual.

    Raises:
        OSError, HTTPException, ValueError: it could not be had, or not whole.
        BenchdlError: it cannot be written.
    """
    since = partial.stat().st_size if partial.exists() else 0
    try:
        answer = opened(url, since=since, opener=opener)
    except urllib.error.HTTPError as error:
        if error.code == 416 and since:  # nothing comes after what is there: it may be whole
            return
        raise
    with answer:
        if not _goes_on(answer, since):
            since = 0
        with _writing(partial, "ab" if since else "wb") as write:
            come, expected = since, _length(answer)
            most = file.size_bytes + file.size_bytes // 100 + _SPARE_BYTES
            limit_s = FILE_S + file.size_bytes / _SLOWEST_BYTES_S
            deadline = time.monotonic() + limit_s
            while chunk := answer.read1(_CHUNK_BYTES):
                come += len(chunk)
                if come > most:
                    partial.unlink()
                    raise ValueError(f"is larger than {most:,} bytes")
                write(chunk)
                advance(come)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"took longer than {limit_s:.0f} s")
    if expected is not None and come - since != expected:
        raise ValueError(f"broke off after {come} of {since + expected} bytes")


def reason(error: Exception) -> str:
    """Why a transfer failed, on one line."""
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"cannot be reached ({error.reason})"
    return " ".join(str(error).split()) or type(error).__name__


@contextlib.contextmanager
def _writing(partial: Path, mode: str) -> Iterator[Callable[[bytes], None]]:
    """Write without a buffer, so that what the disk refuses is told from what the network does."""
    with contextlib.ExitStack() as opened_file:
        with cache.storing(partial.parent):
            stream = opened_file.enter_context(open(partial, mode, buffering=0))  # noqa: PTH123

        def write(chunk: bytes) -> None:
            with cache.storing(partial.parent):
                _write_all(stream, chunk)

        yield write


def _write_all(stream: IO[bytes], chunk: bytes) -> None:
    while chunk:
        chunk = chunk[stream.write(chunk) :]


def _goes_on(answer: HTTPResponse, since: int) -> bool:
    """Whether the answer is the rest that was asked for, and not the whole file again."""
    said = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return answer.status == 206 and said is not None and int(said[1]) == since


def _length(answer: HTTPResponse) -> int | None:
    told = answer.headers.get("Content-Length")
    return int(told) if told and told.isdigit() else None
