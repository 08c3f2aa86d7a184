"""Files of MNIST from public mirrors, each proven by its checksum.

The home of MNIST answers 403 to many, so there are several mirrors. All are asked for the smallest
file at once: those that deliver it are used, and a machine without a network knows within seconds.
"""

from __future__ import annotations

import io
import os
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from queue import Empty, SimpleQueue

from harness import addresses
from harness.datasets import idx
from harness.errors import UsageError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://yann.lecun.com/exdb/mnist/",
)

PROBE_S = 5.0
"""How long the mirrors have to deliver the smallest file."""

FILE_S = 180.0
"""How long one file may take altogether."""

_SILENCE_S = 10.0
_GRACE_S = 0.5
_CHUNK_BYTES = 1 << 16
_LIMIT_BYTES = 64 << 20


class DownloadError(Exception):
    """No mirror delivered; the message has each mirror's reason."""


def mirrors() -> list[str]:
    """The mirrors to ask, best first; their addresses end with a slash.

    ``$BENCHDL_MIRRORS`` replaces the built-in ones with its addresses (separated by spaces or
    commas), goes before them if it begins with ``+``, and switches downloads off if it is ``none``.

    Raises:
        UsageError: an address is not http or https.
    """
    text = os.environ.get("BENCHDL_MIRRORS", "").strip()
    if text.lower() == "none":
        return []
    own = [f"{url.rstrip('/')}/" for url in text.lstrip("+").replace(",", " ").split()]
    for url in own:
        if not url.startswith(("http://", "https://")):
            shown = addresses.hidden(url)
            raise UsageError(f"BENCHDL_MIRRORS: {shown} is not an http or https address")
    return own if own and not text.startswith("+") else [*own, *MIRRORS]


def from_mirrors(sha256: dict[str, str]) -> dict[str, bytes]:
    """All files, decoded and verified.

    Args:
        sha256: of the decoded contents, by undecorated file name.

    Returns:
        Decoded contents by undecorated file name.

    Raises:
        DownloadError: some file could not be had from any mirror, or downloads are off.
    """
    candidates = mirrors()
    if not candidates:
        raise DownloadError("downloads are switched off by BENCHDL_MIRRORS=none")
    first = min(sha256, key=idx.size)
    good, content = _probe(candidates, first, sha256[first])
    files = {first: content}
    for name, digest in sha256.items():
        if name not in files:
            files[name] = _from_any(good, name, digest)
    return files


def _probe(candidates: list[str], name: str, sha256: str) -> tuple[list[str], bytes]:
    """The mirrors that deliver one file in time, in their order, and the file."""
    answers: SimpleQueue[tuple[str, bytes | Exception]] = SimpleQueue()

    def ask(mirror: str) -> None:
        try:
            answers.put((mirror, _get(mirror, name, sha256, PROBE_S)))
        except Exception as error:
            answers.put((mirror, error))

    # Daemon threads: looking up a name can hang beyond every time limit, and must not hold us.
    for mirror in candidates:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    delivered: dict[str, bytes] = {}
    failed = dict.fromkeys(candidates, f"no answer in {PROBE_S:g} s")
    deadline = time.monotonic() + PROBE_S
    for _ in candidates:
        try:
            mirror, answer = answers.get(timeout=max(deadline - time.monotonic(), 0))
        except Empty:
            break
        if isinstance(answer, bytes):
            delivered[mirror] = answer
            deadline = min(deadline, time.monotonic() + _GRACE_S)
        else:
            failed[mirror] = _reason(answer)
    if not delivered:
        said = "; ".join(f"{mirror} {why}" for mirror, why in failed.items())
        raise DownloadError(addresses.hidden(said))
    return [url for url in candidates if url in delivered], next(iter(delivered.values()))


def _from_any(good: list[str], name: str, sha256: str) -> bytes:
    failed = []
    for mirror in good:
        try:
            return _get(mirror, name, sha256, FILE_S)
        except (OSError, HTTPException, ValueError) as error:
            failed.append(f"{mirror}{name}.gz {_reason(error)}")
    raise DownloadError(addresses.hidden("; ".join(failed)))


def _get(mirror: str, name: str, sha256: str, limit_s: float) -> bytes:
    """One file from one mirror, decoded and verified."""
    deadline = time.monotonic() + limit_s
    request = urllib.request.Request(f"{mirror}{name}.gz", headers={"User-Agent": "benchdl"})  # noqa: S310
    packed = io.BytesIO()
    with urllib.request.urlopen(request, timeout=min(limit_s, _SILENCE_S)) as response:  # noqa: S310
        expected = response.headers.get("Content-Length")
        while chunk := response.read1(_CHUNK_BYTES):
            packed.write(chunk)
            if packed.tell() > _LIMIT_BYTES:
                raise idx.IdxError(f"is larger than {_LIMIT_BYTES >> 20} MiB")
            if time.monotonic() > deadline:
                raise TimeoutError(f"took longer than {limit_s:g} s")
    if expected and expected.isdigit() and int(expected) != packed.tell():
        raise idx.IdxError(f"broke off after {packed.tell()} of {expected} bytes")
    packed.seek(0)
    content = idx.gunzip(name, packed)
    idx.check(name, content, sha256)
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"cannot be reached ({error.reason})"
    return " ".join(str(error).split()) or type(error).__name__
