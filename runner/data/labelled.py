"""What sets of labelled samples have in common: their labels, and which samples are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np

from runner.data.contents import DatasetError
from runner.data.idx import unsigned_bytes


def labels(
    directory: Path, name: str, expected: Dict[str, str], classes: int, count: int, of: str
) -> Any:
    """The labels in the file ``name``, uint8 (count,), each below ``classes``.

    Args:
        directory: where the file lies.
        name: of the file.
        expected: SHA-256 of the decoded contents, by name.
        classes: how many there are.
        count: how many samples ``of`` has.
        of: the file of the samples.

    Raises:
        DatasetError: as :func:`runner.data.idx.unsigned_bytes`, or the labels do not fit.
    """
    found = unsigned_bytes(directory, name, 1, expected)
    if len(found) != count or not count:
        raise DatasetError(f"{of} has {count} samples, {name} {len(found)} labels")
    if int(found.max()) >= classes:
        raise DatasetError(f"{name}: label {int(found.max())} of {classes} classes from 0")
    return found


def chosen(
    available: int, directory: Path, train_samples: Optional[int], most_train: Optional[int]
) -> Any:
    """Which training samples are taken, as an index: the first so many, or some spread over them.

    Raises:
        DatasetError: more are asked for than there are.
    """
    count = available if train_samples is None else train_samples
    if not 1 <= count <= available:
        raise DatasetError(f"{count} training samples asked for, {directory} has {available}")
    if most_train is None:
        return slice(count)
    return np.unique(np.linspace(0, count - 1, most_train).astype(np.int64))
