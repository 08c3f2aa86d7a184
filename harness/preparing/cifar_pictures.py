"""CIFAR-10's pictures and labels, out of the binary archive of its home.

Each of the six files has 10,000 records: a byte for the class, then 1,024 bytes of red, of green
and of blue, row by row (A. Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Binary version").
Nothing is computed: the colours of a pixel come to stand side by side.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from runner.contract.idx_header import header

ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_PICTURES, TEST_PICTURES = 50_000, 10_000
SHAPE = (32, 32, 3)
CLASSES = 10

_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST = ("test_batch.bin",)
_RECORDS = 10_000
_RECORD_BYTES = 1 + 3 * 32 * 32


def pictures(source: Mapping[str, bytes], records: int = _RECORDS) -> Iterator[tuple[str, bytes]]:
    """The four files, by name: pictures (n, 32, 32, 3), red first, and labels (n,), all bytes.

    Args:
        source: the archive's contents, by its name.
        records: how many a file of the archive has.

    Raises:
        ValueError: a file is missing, has another size, or a class that there is not.
    """
    import numpy as np  # noqa: PLC0415 - few commands need it

    for split, names in (("train", _TRAIN), ("t10k", _TEST)):
        parts = [_records(content, name, records) for name, content in _members(
            source[ARCHIVE], names, records * _RECORD_BYTES)]  # fmt: skip
        table = np.concatenate(parts)
        planes = table[:, 1:].reshape(-1, 3, 32, 32)
        shape = (len(table), *SHAPE)
        yield f"{split}-images-idx4-ubyte", header(shape) + planes.transpose(0, 2, 3, 1).tobytes()
        yield f"{split}-labels-idx1-ubyte", header(shape[:1]) + table[:, 0].tobytes()


def _records(content: bytes, name: str, records: int) -> Any:
    import numpy as np  # noqa: PLC0415

    if len(content) != records * _RECORD_BYTES:
        raise ValueError(f"{name} has {len(content):,} bytes, not {records * _RECORD_BYTES:,}")
    table = np.frombuffer(content, np.uint8).reshape(records, _RECORD_BYTES)
    worst = int(table[:, 0].max())
    if worst >= CLASSES:
        raise ValueError(f"{name} has a picture of class {worst}, of {CLASSES} from 0")
    return table


def _members(
    archive: bytes, names: tuple[str, ...], size_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """These files of the archive, in this order; of each one byte more than its size is read."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            entries = {PurePosixPath(entry.name).name: entry for entry in tar if entry.isreg()}
            for name in names:
                if name not in entries:
                    raise ValueError(f"{ARCHIVE} holds no {name}")
                stream = tar.extractfile(entries[name])
                if stream is not None:
                    with stream:
                        yield name, stream.read(size_bytes + 1)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{ARCHIVE} is not a sound tar file ({error})") from None
