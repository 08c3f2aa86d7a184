"""CIFAR-10's pictures and labels, out of the binary archive of its home.

Each of the six files has 10,000 records: a byte for the class, then 1,024 bytes of red, of green
and of blue, row by row (A. Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Binary version").
Nothing is computed: the colours of a pixel come to stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.preparing import tar_members
from runner.contract.idx_header import header

ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_PICTURES, TEST_PICTURES = 50_000, 10_000
SHAPE = (32, 32, 3)
CLASSES = 10

_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST = ("test_batch.bin",)
_RECORDS = 10_000
_RECORD_BYTES = 1 + 3 * 32 * 32
_PATH = re.compile(r"(?:[^/]+/)?((?:data_batch_[1-5]|test_batch)\.bin)")
_MOST_BYTES = 250_000_000  # that the archive unpacks to: 184,380,000 of pictures, and a page


def pictures(source: Mapping[str, bytes], records: int = _RECORDS) -> Iterator[tuple[str, bytes]]:
    """The four files, by name: pictures (n, 32, 32, 3), red first, and labels (n,), all bytes.

    Args:
        source: the archive's contents, by its name.
        records: how many a file of the archive has.

    Raises:
        ValueError: a file is missing, has another size, or a class that there is not.
    """
    import numpy as np  # noqa: PLC0415 - few commands need it

    found = _files(source[ARCHIVE], records)
    for split, names in (("train", _TRAIN), ("t10k", _TEST)):
        table = np.concatenate([_records(found, name, records) for name in names])
        planes = table[:, 1:].reshape(-1, 3, 32, 32)
        shape = (len(table), *SHAPE)
        yield f"{split}-images-idx4-ubyte", header(shape) + planes.transpose(0, 2, 3, 1).tobytes()
        yield f"{split}-labels-idx1-ubyte", header(shape[:1]) + table[:, 0].tobytes()


def _records(found: Mapping[str, bytes], name: str, records: int) -> Any:
    import numpy as np  # noqa: PLC0415

    if name not in found:
        raise ValueError(f"{ARCHIVE} holds no {name}")
    content = found[name]
    if len(content) != records * _RECORD_BYTES:
        raise ValueError(f"{name} has {len(content):,} bytes, not {records * _RECORD_BYTES:,}")
    table = np.frombuffer(content, np.uint8).reshape(records, _RECORD_BYTES)
    worst = int(table[:, 0].max())
    if worst >= CLASSES:
        raise ValueError(f"{name} has a picture of class {worst}, of {CLASSES} from 0")
    return table


def _files(archive: bytes, records: int) -> dict[str, bytes]:
    """The archive's files of pictures, by name."""
    limits = tar_members.Limits(records * _RECORD_BYTES, _MOST_BYTES)
    return {
        match[1]: content
        for match, content in tar_members.matching(archive, ARCHIVE, _PATH, limits)
    }
