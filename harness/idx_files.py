"""The files of a dataset that a job reads, as a module of harness/datasets states them: IDX."""

from __future__ import annotations

import math

from harness.dataset_spec import DataFile
from runner.contract import labelled_files
from runner.contract.idx_header import Kind, header
from runner.contract.labelled_files import LabelledFiles
from runner.contract.text_ids import IDS, LENGTH

WORDS_FILE = "words-idx2-ubyte"
"""The table of a dataset of texts: the word of each id, with zeros behind it."""

WORD_BYTES = 24
"""Of the longest word that has an id."""

Sums = tuple[str, str, str, str]
"""SHA-256 of samples and labels of the training set, then of the test set."""


def data_file(name: str, shape: tuple[int, ...], sha256: str, kind: Kind = Kind.UBYTE) -> DataFile:
    """A file of values of this kind and shape; ``sha256`` is of the whole file."""
    head = header(shape, kind)
    return DataFile(name, sha256, len(head) + math.prod(shape) * kind.size_bytes, head)


def labelled(train: int, test: int, files: LabelledFiles, sha256: Sums) -> tuple[DataFile, ...]:
    """Samples and labels of the training and of the test set.

    Args:
        train, test: how many samples each has.
        files: what they are called, and what a sample is.
        sha256: in the order of the files that are returned.
    """
    made: list[DataFile] = []
    sums = (sha256[:2], sha256[2:])
    for count, names, (samples, labels) in zip((train, test), files.sets, sums, strict=True):
        made.append(data_file(names.samples, (count, *files.shape), samples, files.kind))
        made.append(data_file(names.labels, (count,), labels))
    return tuple(made)


def pictures_and_labels(
    train: int, test: int, side: tuple[int, ...], sha256: Sums
) -> tuple[DataFile, ...]:
    """:func:`labelled` with pictures: height and width, and the colours if there are any."""
    return labelled(train, test, labelled_files.pictures(side), sha256)


def rows_and_labels(train: int, test: int, columns: int, sha256: Sums) -> tuple[DataFile, ...]:
    """:func:`labelled` with the rows of a table."""
    return labelled(train, test, labelled_files.rows(columns), sha256)


def texts_and_labels(
    train: int, test: int, sha256: Sums, words_sha256: str
) -> tuple[DataFile, ...]:
    """:func:`labelled` with the ids of texts, and the table of their words."""
    table = data_file(WORDS_FILE, (IDS, WORD_BYTES), words_sha256)
    return (*labelled(train, test, labelled_files.texts(LENGTH), sha256), table)
