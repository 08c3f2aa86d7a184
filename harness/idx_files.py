"""Files in Y. LeCun's IDX format: the statement of one, and its header.

The format: a big-endian magic number (0, 0, type, number of dimensions), the sizes as 32-bit
integers, then the values, big-endian as well. Type 0x08 is unsigned bytes, 0x0B signed shorts of 16
bits ("The MNIST database", section "File formats").
"""

from __future__ import annotations

import math
from enum import IntEnum

from harness.dataset_spec import DataFile


class Kind(IntEnum):
    """What the values of a file are: the third byte of its magic number."""

    UBYTE = 0x08
    SHORT = 0x0B

    @property
    def size_bytes(self) -> int:
        """Of one value."""
        return 1 if self is Kind.UBYTE else 2


def header(shape: tuple[int, ...], kind: Kind = Kind.UBYTE) -> bytes:
    """What a file of values of this kind and shape begins with."""
    return bytes((0, 0, kind, len(shape))) + b"".join(size.to_bytes(4, "big") for size in shape)


def data_file(name: str, shape: tuple[int, ...], sha256: str, kind: Kind = Kind.UBYTE) -> DataFile:
    """A file of values of this kind and shape; ``sha256`` is of the whole file."""
    head = header(shape, kind)
    return DataFile(name, sha256, len(head) + math.prod(shape) * kind.size_bytes, head)


def pictures_and_labels(
    train: int, test: int, side: tuple[int, ...], sha256: tuple[str, str, str, str]
) -> tuple[DataFile, ...]:
    """The usual four files: pictures and labels of the training and of the test set.

    Args:
        train, test: how many pictures each has.
        side: height and width of a picture, and its colours if it has any.
        sha256: in the order of the files that are returned.
    """
    images = f"images-idx{1 + len(side)}-ubyte"
    names = (
        f"train-{images}", "train-labels-idx1-ubyte", f"t10k-{images}", "t10k-labels-idx1-ubyte",
    )  # fmt: skip
    shapes: tuple[tuple[int, ...], ...] = ((train, *side), (train,), (test, *side), (test,))
    return tuple(map(data_file, names, shapes, sha256))


def rows_and_labels(
    train: int, test: int, columns: int, sha256: tuple[str, str, str, str]
) -> tuple[DataFile, ...]:
    """The four files of a table: rows of signed shorts, and labels, for training and for test.

    Args:
        train, test: how many rows each has.
        columns: of a row.
        sha256: in the order of the files that are returned.
    """
    return (
        data_file("train-rows-idx2-short", (train, columns), sha256[0], Kind.SHORT),
        data_file("train-labels-idx1-ubyte", (train,), sha256[1]),
        data_file("test-rows-idx2-short", (test, columns), sha256[2], Kind.SHORT),
        data_file("test-labels-idx1-ubyte", (test,), sha256[3]),
    )
