"""Files in Y. LeCun's IDX format: the statement of one, and its header.

The format: a big-endian magic number (0, 0, 8 for unsigned bytes, number of dimensions), the sizes
as 32-bit integers, then the bytes ("The MNIST database", section "File formats").
"""

from __future__ import annotations

import math

from harness.dataset_spec import DataFile


def header(shape: tuple[int, ...]) -> bytes:
    """What a file of unsigned bytes of this shape begins with."""
    return bytes((0, 0, 8, len(shape))) + b"".join(size.to_bytes(4, "big") for size in shape)


def data_file(name: str, shape: tuple[int, ...], sha256: str) -> DataFile:
    """A file of unsigned bytes of this shape; ``sha256`` is of the whole file."""
    head = header(shape)
    return DataFile(name, sha256, len(head) + math.prod(shape), head)


def pictures_and_labels(
    train: int, test: int, side: tuple[int, int], sha256: tuple[str, str, str, str]
) -> tuple[DataFile, ...]:
    """The usual four files: pictures and labels of the training and of the test set.

    Args:
        train, test: how many pictures each has.
        side: height and width of a picture.
        sha256: in the order of the files that are returned.
    """
    names = (
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    )  # fmt: skip
    shapes: tuple[tuple[int, ...], ...] = ((train, *side), (train,), (test, *side), (test,))
    return tuple(map(data_file, names, shapes, sha256))
