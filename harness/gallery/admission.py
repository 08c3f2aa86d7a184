"""A stranger's file on its way into a gallery: copied, bounded, checked to the last byte, read.

What is checked is our copy, so that nobody changes it between the check and the publication.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import files, scratch
from harness.bundle import archive, outputs, reading
from harness.bundle.archive import ArchiveError
from harness.bundle.manifest import RESULTS
from harness.bundle.unpacking import FOLDERS, unpack
from harness.errors import BenchdlError
from harness.files import FileError
from harness.gallery import listed
from harness.gallery.intake import Offered
from harness.gallery.listed import Listed
from harness.tables.told_beside import NOTHING, Beside

MOST_RESULTS = 2_000
MOST_RESULTS_BYTES = 256 * 2**20
"""Of all that lies below ``results/``: a campaign of 500 jobs has a few dozen MiB."""

_RESULT = "/result.json"


class RefusedError(Exception):
    """A file is not taken; the message says why on one line and names no path of this machine."""


@dataclass(frozen=True)
class Admitted:
    """A bundle that was taken: what is listed of it, and its report."""

    listed: Listed
    page: str


def copy(offer: Offered, target: Path, most_bytes: int) -> tuple[int, str]:
    """Copy a file to ``target``, which is new; returns its size in bytes and its SHA-256.

    Raises:
        RefusedError: it is no plain file, cannot be read, or is larger than ``most_bytes``.
        OSError: the copy cannot be written.
    """
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as made:
        for chunk in _chunks(offer, most_bytes):
            made.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        made.flush()
        os.fsync(made.fileno())
    return size, digest.hexdigest()


def admit(
    offer: Offered, file: Path, size_bytes: int, sha256: str, beside: Beside = NOTHING
) -> Admitted:
    """Check the copy of a bundle, and make what is shown of it.

    Args:
        offer: whose copy it is.
        file: the copy.
        size_bytes: of it.
        sha256: of it.
        beside: what an hour of its machines costs.

    Raises:
        RefusedError: it is no bundle, was changed, holds more than a gallery shows, cannot be
            shown, or two prices fit its machine.
        BenchdlError: its samples cannot be unpacked here.
    """
    with ExitStack() as stack:
        with _refusing(file):
            _bound(file)
            bundle = stack.enter_context(reading.opened(file))
            results = bundle.results()
        temporary = Path(tempfile.gettempdir())
        samples = stack.enter_context(scratch.folder(temporary, FOLDERS))
        unpack(bundle, RESULTS, samples)  # what fails here is our disk, and no fault of the bundle
        with _refusing(file):
            damaged = bundle.manifest.damaged
            page = outputs.web_page(bundle.campaign(), results, damaged, samples, beside)
            told = listed.of(bundle, results, offer.name, size_bytes, sha256, beside)
            return Admitted(told, page)


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    """Whatever goes wrong with a stranger's bundle costs it its place, and nobody else."""
    try:
        yield
    except RefusedError:
        raise
    except ArchiveError as error:
        raise RefusedError(f"{error}: get it again from where it came") from None
    except BenchdlError as error:
        words = str(error).replace(f"{file}: ", "").replace(str(file), "it")
        raise RefusedError(words) from None
    except Exception as error:
        raise RefusedError(f"benchdl cannot show it ({type(error).__name__})") from error


def _chunks(offer: Offered, most_bytes: int) -> Iterator[bytes]:
    too_large = (
        f"it has more than {files.mib(most_bytes)}: make it without images, or allow it with "
        "--max-size"
    )
    try:
        with files.open_plain(offer.path, links=offer.named) as stream:
            if os.fstat(stream.fileno()).st_size > most_bytes:  # before holes are read for hours
                raise RefusedError(too_large)
            left = most_bytes
            while chunk := stream.read(archive.CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:  # it grew meanwhile
                    raise RefusedError(too_large)
                yield chunk
    except FileError as error:
        raise RefusedError(error.message) from None
    except OSError as error:
        raise RefusedError(f"it cannot be read: {files.reason(error)}") from None


def _bound(file: Path) -> None:
    """Headers tell how much there is to show before any of it is read."""
    with file.open("rb") as stream:
        held = [entry for entry in archive.walk(stream) if entry.path.startswith(RESULTS)]
    count = sum(entry.path.endswith(_RESULT) for entry in held)
    if count > MOST_RESULTS:
        raise RefusedError(f"it holds {count:,} results, a gallery shows {MOST_RESULTS:,}")
    size = sum(entry.size_bytes for entry in held)
    if size > MOST_RESULTS_BYTES:
        raise RefusedError(
            f"its results have {files.mib(size)}, a gallery shows {files.mib(MOST_RESULTS_BYTES)}"
        )
