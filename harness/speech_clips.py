"""What all datasets of spoken words have in common: shapes, and how features are given out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harness import idx_files
from harness.dataset_spec import DataFile
from runner.contract import labelled_files
from runner.contract.idx_header import Kind, header

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SHAPE = (49, 10)
"""Frames and bands of a clip's features (:mod:`harness.generators.log_mel`)."""

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""Classes 2 to 11 of sets of commands, in the order of the dataset Speech Commands."""

SILENCE, UNKNOWN = 0, 1
"""The first two classes: nothing but noise, and some other word."""

CLASSES = 2 + len(COMMANDS)


def files(train: int, test: int, sha256: idx_files.Sums = ("", "", "", "")) -> tuple[DataFile, ...]:
    """The four files of so many clips."""
    return idx_files.labelled(train, test, labelled_files.clips(SHAPE), sha256)


def contents(
    sets: Iterable[tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]],
) -> Iterator[tuple[str, bytes]]:
    """The four files, by name, of features (n, 49, 10) and labels of both sets, training first."""
    for names, (features, labels) in zip(labelled_files.clips(SHAPE).sets, sets, strict=True):
        yield names.samples, header(features.shape, Kind.SHORT) + features.astype(">i2").tobytes()
        yield names.labels, header(labels.shape) + labels.tobytes()
