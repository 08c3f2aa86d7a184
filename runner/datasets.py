"""The arrays of a job: IDX files read from its data directory, checked, and scaled.

The format is Y. LeCun's IDX: a big-endian magic number (0, 0, 8 for bytes, number of dimensions),
the sizes as 32-bit integers, then the bytes. The trainer imports this module after it has set the
environment variables for the numbers of threads, since it imports numpy.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
"""Where each array comes from; a file may also be compressed, with ``.gz`` after its name."""

CLASSES = 10

_SIDE = 28


class DatasetError(ValueError):
    """The data cannot be used; the message names the file and says what is wrong with it."""


@dataclass(frozen=True)
class Arrays:
    """What a backend trains and tests with.

    Attributes:
        train_images: float32 of shape (n, 28, 28), from 0 to 1 (pixels / 255).
        train_labels: int64 of shape (n,), from 0 to 9.
        test_images: float32 of shape (m, 28, 28), from 0 to 1.
        test_labels: int64 of shape (m,), from 0 to 9.
    """

    train_images: Any
    train_labels: Any
    test_images: Any
    test_labels: Any


def load(
    data_dir: Union[str, Path],
    expected_sha256: Dict[str, str],
    train_samples: Optional[int] = None,
) -> Arrays:
    """Read and check the four files.

    Args:
        data_dir: the directory of the files, raw or compressed; a raw file is preferred.
        expected_sha256: of the decoded contents, by file name without ``.gz``.
        train_samples: take only the first so many training images; all if None.

    Raises:
        DatasetError: a file is missing, unreadable, malformed or not the expected one, or there
            are fewer training images than asked for.
    """
    images, labels, test = _checked(Path(data_dir), expected_sha256, train_samples)
    return Arrays(
        train_images=_scaled(images),
        train_labels=labels.astype(np.int64),
        test_images=_scaled(test[0]),
        test_labels=test[1].astype(np.int64),
    )


def evidence(
    data_dir: Union[str, Path],
    expected_sha256: Dict[str, str],
    train_samples: Optional[int],
    most_train: int,
) -> Arrays:
    """As :func:`load`, with at most ``most_train`` training images, evenly spread over all.

    Raises:
        DatasetError: as :func:`load`.
    """
    directory = Path(data_dir)
    images, labels, test = _checked(directory, expected_sha256, train_samples)
    chosen = np.unique(np.linspace(0, len(labels) - 1, most_train).astype(np.int64))
    return Arrays(
        train_images=_scaled(images[chosen]),
        train_labels=labels[chosen].astype(np.int64),
        test_images=_scaled(test[0]),
        test_labels=test[1].astype(np.int64),
    )


def _checked(
    directory: Path, expected: Dict[str, str], train_samples: Optional[int]
) -> Tuple[Any, Any, Tuple[Any, Any]]:
    """Training images, their labels, and both of the test set, as bytes."""
    images, labels = _pair(directory, "train", expected)
    test = _pair(directory, "test", expected)
    available = len(labels)
    count = available if train_samples is None else train_samples
    if not 1 <= count <= available:
        raise DatasetError(f"{count} training images asked for, {directory} has {available}")
    return images[:count], labels[:count], test


def _pair(directory: Path, split: str, expected: Dict[str, str]) -> Tuple[Any, Any]:
    images_name, labels_name = FILES[split + "_images"], FILES[split + "_labels"]
    images = _idx(directory, images_name, 3, expected)
    labels = _idx(directory, labels_name, 1, expected)
    if images.shape[1:] != (_SIDE, _SIDE):
        raise DatasetError(f"{images_name}: pictures of {images.shape[1:]} pixels, not 28x28")
    if len(images) != len(labels) or not len(images):
        raise DatasetError(f"{images_name} has {len(images)} pictures, {labels_name} {len(labels)}")
    if int(labels.max()) >= CLASSES:
        raise DatasetError(f"{labels_name}: label {int(labels.max())} is not a digit")
    return images, labels


def _idx(directory: Path, name: str, dimensions: int, expected: Dict[str, str]) -> Any:
    """The bytes of one file, uint8 in the shape that its header states."""
    path, content = _read(directory, name)
    if name not in expected:
        raise DatasetError(f"{path}: the job states no checksum for {name}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected[name]:
        raise DatasetError(f"{path}: SHA-256 of the contents is {found}, not {expected[name]}")
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):
        raise DatasetError(f"{path}: not an IDX file of bytes in {dimensions} dimensions")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    size = 1
    for length in shape:
        size *= length
    if len(content) - start != size:
        raise DatasetError(f"{path}: {len(content) - start} bytes of data, its header says {size}")
    return np.frombuffer(content, np.uint8, size, start).reshape(shape)


def _read(directory: Path, name: str) -> Tuple[Path, bytes]:
    path = directory / name
    try:
        if path.exists():
            return path, path.read_bytes()
        path = directory / (name + ".gz")
        with gzip.open(str(path), "rb") as file:
            return path, file.read()
    except FileNotFoundError:
        raise DatasetError(f"{directory} has neither {name} nor {name}.gz") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from None


def _scaled(pixels: Any) -> Any:
    scaled = pixels.astype(np.float32)
    scaled /= np.float32(255)
    return scaled
