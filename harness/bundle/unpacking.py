"""Members of a bundle as files of the disk, for what reads nothing else."""

from __future__ import annotations

from pathlib import Path

from harness.bundle.reading import Bundle
from harness.errors import BenchdlError

FOLDERS = "benchdl-bundle-"
"""How the names of folders begin that bundles are unpacked to."""


def unpack(bundle: Bundle, below: str, folder: Path) -> Path:
    """Write the members whose paths begin with ``below`` into an empty ``folder``; returns it.

    They become plain files without that beginning. Names that lead elsewhere, links and devices
    are in no bundle that opens.

    Raises:
        BenchdlError: they cannot be written.
    """
    for path in bundle.names(below):
        file = folder / path.removeprefix(below)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as stream:
                for chunk in bundle.chunks(path):
                    stream.write(chunk)
        except OSError as error:
            raise BenchdlError(
                f"cannot write to {folder}: {error.strerror or error}",
                "set TMPDIR to another",
            ) from None
    return folder
