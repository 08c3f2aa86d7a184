"""Pictures and their classes: four IDX files, checked against what a workload expects, and scaled.

The trainer imports this module after it has set the environment variables for the numbers of
threads, since it imports numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

from runner.data.contents import DatasetError
from runner.data.idx import unsigned_bytes

FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
"""Where each array comes from; a file may also be compressed, with ``.gz`` after its name."""


@dataclass(frozen=True)
class Pictures:
    """What a workload expects: ``shape`` is (height, width); labels are below ``classes``."""

    shape: Tuple[int, ...]
    classes: int


@dataclass(frozen=True)
class Arrays:
    """What a backend trains and tests with.

    Attributes:
        train_images: float32 of shape (n, height, width), from 0 to 1 (pixels / 255).
        train_labels: int64 of shape (n,), from 0.
        test_images: float32 of shape (m, height, width), from 0 to 1.
        test_labels: int64 of shape (m,), from 0.
    """

    train_images: Any
    train_labels: Any
    test_images: Any
    test_labels: Any

    def __len__(self) -> int:
        """How many training samples there are."""
        return len(self.train_labels)


def load(
    data_dir: Union[str, Path],
    expected_sha256: Dict[str, str],
    train_samples: Optional[int],
    pictures: Pictures,
    most_train: Optional[int] = None,
) -> Arrays:
    """Read and check the four files.

    Args:
        data_dir: the directory of the files, raw or compressed; a raw file is preferred.
        expected_sha256: of the decoded contents, by file name without ``.gz``.
        train_samples: take only the first so many training images; all if None.
        pictures: what the files are to hold.
        most_train: of those at most so many, evenly spread over all; all if None.

    Raises:
        DatasetError: a file is missing, unreadable, malformed or not the expected one, or there
            are fewer training images than asked for.
    """
    directory = Path(data_dir)
    images, labels = _pair(directory, "train", expected_sha256, pictures)
    test_images, test_labels = _pair(directory, "test", expected_sha256, pictures)
    available = len(labels)
    count = available if train_samples is None else train_samples
    if not 1 <= count <= available:
        raise DatasetError(f"{count} training images asked for, {directory} has {available}")
    images, labels = images[:count], labels[:count]
    if most_train is not None:
        chosen = np.unique(np.linspace(0, count - 1, most_train).astype(np.int64))
        images, labels = images[chosen], labels[chosen]
    return Arrays(
        train_images=_scaled(images),
        train_labels=labels.astype(np.int64),
        test_images=_scaled(test_images),
        test_labels=test_labels.astype(np.int64),
    )


def _pair(
    directory: Path, split: str, expected: Dict[str, str], pictures: Pictures
) -> Tuple[Any, Any]:
    images_name, labels_name = FILES[split + "_images"], FILES[split + "_labels"]
    images = unsigned_bytes(directory, images_name, 1 + len(pictures.shape), expected)
    labels = unsigned_bytes(directory, labels_name, 1, expected)
    if images.shape[1:] != pictures.shape:
        sides = "x".join(map(str, pictures.shape))
        raise DatasetError(f"{images_name}: pictures of {images.shape[1:]} pixels, not {sides}")
    if len(images) != len(labels) or not len(images):
        raise DatasetError(f"{images_name} has {len(images)} pictures, {labels_name} {len(labels)}")
    if int(labels.max()) >= pictures.classes:
        raise DatasetError(
            f"{labels_name}: label {int(labels.max())} of {pictures.classes} classes from 0"
        )
    return images, labels


def _scaled(pixels: Any) -> Any:
    scaled = pixels.astype(np.float32)
    scaled /= np.float32(255)
    return scaled
