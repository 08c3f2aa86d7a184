"""What sets of labelled samples have in common: how both are read, and which samples are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple, Union

import numpy as np

from runner.contract.idx_header import Kind
from runner.contract.labelled_files import LabelledFiles, SetNames
from runner.data import idx
from runner.data.arrays import Arrays
from runner.data.contents import DatasetError

Check = Callable[[str, Any], None]
"""Looks at a file's values, by its name, and raises DatasetError if they cannot be."""


def load(
    files: LabelledFiles,
    classes: int,
    data_dir: Union[str, Path],
    expected_sha256: Dict[str, str],
    train_samples: Optional[int],
    most_train: Optional[int],
    check: Optional[Check] = None,
) -> Arrays:
    """Both sets, inputs as they lie in the files: (n, *files.shape).

    Args:
        files: which they are.
        classes: how many the labels tell apart.
        data_dir, expected_sha256, train_samples, most_train: as
            :meth:`runner.data.format.Format.load` has them.
        check: of all samples of a set, also of those that are not taken.

    Raises:
        DatasetError: as :meth:`runner.data.format.Format.load`, or of ``check``.
    """
    directory = Path(data_dir)
    both = [_set(files, names, classes, directory, expected_sha256) for names in files.sets]
    if check:
        for names, (samples, _) in zip(files.sets, both):
            check(names.samples, samples)
    (samples, labels), (test_samples, test_labels) = both
    picked = chosen(len(labels), directory, train_samples, most_train)
    return Arrays(
        train_inputs=samples[picked],
        train_labels=labels[picked].astype(np.int64),
        test_inputs=test_samples,
        test_labels=test_labels.astype(np.int64),
    )


def _set(
    files: LabelledFiles, names: SetNames, classes: int, directory: Path, expected: Dict[str, str]
) -> Tuple[Any, Any]:
    """The samples of one set, and their labels, uint8 (n,), each below ``classes``."""
    name = names.samples
    samples = idx.values(directory, name, files.kind, 1 + len(files.shape), expected)
    if samples.shape[1:] != files.shape:
        found, wanted = ("x".join(map(str, shape)) for shape in (samples.shape[1:], files.shape))
        raise DatasetError(f"{name}: {files.noun} of {found} values, not {wanted}")
    labels = idx.values(directory, names.labels, Kind.UBYTE, 1, expected)
    if len(labels) != len(samples) or not len(samples):
        raise DatasetError(
            f"{name} has {len(samples)} samples, {names.labels} {len(labels)} labels"
        )
    if int(labels.max()) >= classes:
        raise DatasetError(f"{names.labels}: label {int(labels.max())} of {classes} classes from 0")
    return samples, labels


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
    return spread(count, most_train)


def spread(available: int, most: int) -> Any:
    """The numbers of at most so many samples, evenly spread over all that there are."""
    return np.unique(np.linspace(0, available - 1, most).astype(np.int64))
