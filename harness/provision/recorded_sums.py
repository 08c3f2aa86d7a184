"""Checksums of prepared files that no module can state: recorded beside them when they are made.

``SHA256SUMS`` in the cache's folder has the form of sha256sum(1), the source's checksum among them:
a record of another source is none. It tells later damage; what proves the data is the source.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness import cache, files
from harness.dataset_spec import DatasetSpec

_NAME = "SHA256SUMS"
_MOST_BYTES = 1 << 16
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def of(spec: DatasetSpec, directory: Path) -> DatasetSpec:
    """The dataset with what is recorded in a directory of our own; as it is where nothing is."""
    if spec.pinned or spec.made_from is None:
        return spec
    try:
        lines = files.read_text(directory / _NAME, _MOST_BYTES).splitlines()
    except files.FileError:
        return spec
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    shipped = spec.made_from.shipped
    names = {file.name for file in spec.files}
    if sums.get(shipped.name) != shipped.sha256 or not names <= set(sums):
        return spec
    return spec.recorded(sums)


def record(spec: DatasetSpec, directory: Path) -> None:
    """Write the checksums of a dataset that was just prepared.

    Raises:
        BenchdlError: the directory cannot be written.
    """
    if spec.made_from is None:
        return
    sums = {**spec.sha256, spec.made_from.shipped.name: spec.made_from.shipped.sha256}
    text = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    with cache.storing(directory):
        files.write_whole(directory / _NAME, text, mode=0o644)
