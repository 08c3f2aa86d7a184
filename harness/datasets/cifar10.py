"""CIFAR-10: small pictures in colour, ten kinds of things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.dataset_spec import DataFile, DatasetSpec, Source
from harness.idx_files import pictures_and_labels

_ARCHIVE = DataFile(
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
    b"\x1f\x8b",
)


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import cifar_pictures  # noqa: PLC0415 - NumPy

    return cifar_pictures.pictures(source)


DATASET = DatasetSpec(
    name="cifar10",
    title="CIFAR-10",
    holds="small photographs of ten kinds of things",
    source='A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009',
    licence="none stated",
    train_samples=50_000,
    test_samples=10_000,
    sample_shape=(32, 32, 3),
    classes=10,
    # Nobody who wrote this could have the archive: its checksum is TensorFlow Datasets'. What is
    # prepared of it is recorded when that is done.
    files=pictures_and_labels(50_000, 10_000, (32, 32, 3), ("", "", "", "")),
    made_from=Source(
        files=(_ARCHIVE,),
        shipped=_ARCHIVE,
        urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    ),
    prepare=_prepare,
    stand_in="synthetic-cifar10",
)
