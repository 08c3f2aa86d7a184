"""A dataset's files from public mirrors, each proven by the checksum of its contents.

All mirrors are asked for the smallest file at once: those that begin to deliver it are used, in the
order of their list, and a machine without a network knows within seconds.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from harness import addresses, cache, files
from harness.dataset_spec import DataFile, DatasetSpec
from harness.errors import UsageError
from harness.provision import inspection, transfer
from harness.provision.progress import Advance, Bar

PROBE_S = 5.0
"""How long the mirrors have to begin with the smallest file."""

SWITCHED_OFF = "downloads are switched off by BENCHDL_MIRRORS=none"

_GRACE_S = 0.5


class DownloadError(Exception):
    """No mirror delivered; the message has each mirror's reason."""


def mirrors(spec: DatasetSpec) -> list[str]:
    """The mirrors to ask, best first; their addresses end with a slash.

    ``$BENCHDL_MIRRORS`` replaces the dataset's own with its addresses (separated by spaces or
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
    return own if replaced() else [*own, *spec.mirrors]


def replaced() -> bool:
    """Whether ``$BENCHDL_MIRRORS`` is all that may be asked: addresses of the user's, or none."""
    text = os.environ.get("BENCHDL_MIRRORS", "").strip()
    return bool(text.replace(",", " ").strip()) and not text.startswith("+")


def from_mirrors(spec: DatasetSpec, directory: Path, bar: Bar) -> None:
    """Put all files, decoded and verified, into a directory; no other is seen there.

    What a broken transfer left (``NAME.gz.partial``) is gone on with the next time.

    Raises:
        DownloadError: some file could not be had from any mirror, or downloads are off.
        BenchdlError: the directory cannot be written.
    """
    candidates = mirrors(spec)
    if not candidates:
        raise DownloadError(SWITCHED_OFF)
    smallest = min(spec.files, key=lambda file: file.size_bytes)
    good = _answering(candidates, smallest)
    for file in spec.files:
        with bar(f"{spec.name}: {file.name}", file.size_bytes) as advance:
            _from_any(good, file, directory, advance)


def _answering(candidates: list[str], file: DataFile) -> list[str]:
    """The mirrors that begin to deliver this file in time, in their order."""
    answers: SimpleQueue[tuple[str, Exception | None]] = SimpleQueue()

    def ask(mirror: str) -> None:
        try:
            with transfer.opened(_address(mirror, file), silence_s=PROBE_S) as answer:
                answer.read1(1)
            answers.put((mirror, None))
        except Exception as error:
            answers.put((mirror, error))

    # Daemon threads: looking up a name can hang beyond every time limit, and must not hold us.
    for mirror in candidates:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    good: set[str] = set()
    failed = dict.fromkeys(candidates, f"no answer in {PROBE_S:g} s")
    deadline = time.monotonic() + PROBE_S
    for _ in candidates:
        try:
            mirror, error = answers.get(timeout=max(deadline - time.monotonic(), 0))
        except Empty:
            break
        if error is None:
            good.add(mirror)
            deadline = min(deadline, time.monotonic() + _GRACE_S)
        else:
            failed[mirror] = transfer.reason(error)
    if not good:
        said = "; ".join(f"{mirror} {why}" for mirror, why in failed.items())
        raise DownloadError(addresses.hidden(said))
    return [mirror for mirror in candidates if mirror in good]


def _from_any(good: list[str], file: DataFile, directory: Path, advance: Advance) -> None:
    partial = directory / f"{file.name}.gz.partial"
    failed = []
    for mirror in good:
        try:
            _from_one(_address(mirror, file), file, partial, advance)
            return
        except transfer.ERRORS as error:
            failed.append(f"{_address(mirror, file)} {transfer.reason(error)}")
    raise DownloadError(addresses.hidden("; ".join(failed)))


def _from_one(url: str, file: DataFile, partial: Path, advance: Advance) -> None:
    """Fetch, decode and verify; a wrong file that was pieced together is fetched once more whole.

    Raises:
        OSError, HTTPException, ValueError: it could not be had.
        BenchdlError: it cannot be written.
    """
    pieced = files.exists(partial)
    transfer.fetch(url, file, partial, advance)
    try:
        _unpack(partial, file)
    except inspection.WrongFileError:
        partial.unlink(missing_ok=True)
        if not pieced:
            raise
        _from_one(url, file, partial, advance)


def _unpack(partial: Path, file: DataFile) -> None:
    """Decode into the file of its name, which is seen only if it is the right one."""
    directory = partial.parent
    with cache.storing(directory), partial.open("rb") as stream:
        with files.whole(directory / file.name, mode=0o644) as target:
            for piece in inspection.decoded(stream, file, packed=True):
                target.write(piece)
        partial.unlink()


def _address(mirror: str, file: DataFile) -> str:
    return f"{mirror}{file.name}.gz"
