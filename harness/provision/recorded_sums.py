"""Checksums of made files that no module can state: recorded beside them when they are made.

``SHA256SUMS`` in the cache's folder has the form of sha256sum(1), the source's checksum among them:
a record of another source is none. It tells later damage; what proves the data is the source. Files
that a program of this machine makes have no such proof: the record tells whether two machines have
the same.
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
    if spec.pinned:
        return spec
    try:
        lines = files.read_text(directory / _NAME, _MOST_BYTES).splitlines()
    except files.FileError:
        return spec
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    names = {file.name for file in spec.files}
    if not _source(spec).items() <= sums.items() or not names <= set(sums):
        return spec
    return spec.recorded(sums)


def record(spec: DatasetSpec, directory: Path) -> None:
    """Write the checksums of a dataset that was just made.

    Raises:
        BenchdlError: the directory cannot be written.
    """
    sums = {**spec.sha256, **_source(spec)}
    text = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    with cache.storing(directory):
        files.write_whole(directory / _NAME, text, mode=0o644)


def _source(spec: DatasetSpec) -> dict[str, str]:
    """What is downloaded, by name; nothing where a program here makes the dataset.

    Nor is anything of a source that no checksum proves.
    """
    source = spec.made_from
    return {file.name: file.sha256 for file in source.downloads if file.sha256} if source else {}
