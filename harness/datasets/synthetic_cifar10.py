"""The stand-in for CIFAR-10: generated pictures of the same shapes, types and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset_spec import DatasetSpec
from harness.datasets.cifar10 import DATASET as CIFAR10
from harness.idx_files import pictures_and_labels
from runner.contract.idx_header import header


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; about 25 s and 400 MB."""
    from harness.generators import patch_pictures  # noqa: PLC0415 - NumPy, which few commands need

    names = iter(DATASET.sha256)
    for count, stream in (
        (CIFAR10.train_samples, patch_pictures.TRAIN_STREAM),
        (CIFAR10.test_samples, patch_pictures.TEST_STREAM),
    ):
        images, labels = patch_pictures.make(count, stream)
        yield next(names), header(images.shape) + images.tobytes()
        yield next(names), header(labels.shape) + labels.tobytes()


DATASET = DatasetSpec(
    name="synthetic-cifar10",
    title="synthetic-cifar10",
    holds="generated pictures in colour, of ten classes",
    source="the recipe of harness/generators/patch_pictures.py",
    licence="that of benchdl",
    train_samples=CIFAR10.train_samples,
    test_samples=CIFAR10.test_samples,
    sample_shape=CIFAR10.sample_shape,
    classes=CIFAR10.classes,
    files=pictures_and_labels(
        CIFAR10.train_samples,
        CIFAR10.test_samples,
        CIFAR10.sample_shape,
        (
            "3e66fec6b9e89d055a52adb199bb60d0d1a0ed1bf43b0a4f0b0c72426c06da7b",
            "7d8afdaca1b84d07139e9fddea270a7f08059b960490cfc271039898f11f7993",
            "672b37111c631b8c09351c411f1355357b513a9ca3a5df56bd8175710c55d1d6",
            "e09803a1e0a481eb3690c2352b4b20821375b446f4f43a4514d77e009602894f",
        ),
    ),
    generate=_generate,
)
