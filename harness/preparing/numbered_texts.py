"""From texts to the ids of their words: the dataset's files, and the table of words with them."""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.idx_files import WORD_BYTES, WORDS_FILE
from runner.contract import labelled_files
from runner.contract.idx_header import header
from runner.contract.text_ids import FIRST_WORD, IDS, LENGTH, PADDING, START, UNKNOWN

_WORD = re.compile(rb"[a-z0-9']+")


class LabelledText(NamedTuple):
    """A text as :func:`words` has it, and its class."""

    words: tuple[bytes, ...]
    label: int


def words(text: bytes) -> tuple[bytes, ...]:
    """The runs of letters, digits and apostrophes of ASCII, in small letters."""
    return tuple(_WORD.findall(text.lower()))


def table(texts: Sequence[LabelledText]) -> tuple[bytes, ...]:
    """The words that get an id, the commonest first; of equally common ones the first by its bytes.

    Longer ones than fit into the table's file get none.
    """
    counts = Counter(word for text in texts for word in text.words if len(word) <= WORD_BYTES)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(ranked[: IDS - FIRST_WORD])


def files(
    train: Sequence[LabelledText], test: Sequence[LabelledText]
) -> Iterator[tuple[str, bytes]]:
    """The five files, by name: ids and labels of both sets, and the words by their ids.

    The table is of the training texts alone.
    """
    known = table(train)
    ids = {word: number for number, word in enumerate(known, FIRST_WORD)}
    stored = labelled_files.texts(LENGTH)
    for names, texts in zip(stored.sets, (train, test), strict=True):
        rows = b"".join(_row(text.words, ids) for text in texts)
        yield names.samples, header((len(texts), *stored.shape), stored.kind) + rows
        yield names.labels, header((len(texts),)) + bytes(text.label for text in texts)
    yield WORDS_FILE, _table_file(known)


def _row(text: tuple[bytes, ...], ids: dict[bytes, int]) -> bytes:
    numbers = [START, *(ids.get(word, UNKNOWN) for word in text)][-LENGTH:]
    return struct.pack(f">{LENGTH}h", *[PADDING] * (LENGTH - len(numbers)), *numbers)


def _table_file(known: tuple[bytes, ...]) -> bytes:
    """A row of bytes for each id, with zeros behind its word; ids without a word have zeros."""
    rows = [b""] * FIRST_WORD + list(known) + [b""] * (IDS - FIRST_WORD - len(known))
    return header((IDS, WORD_BYTES)) + b"".join(row.ljust(WORD_BYTES, b"\0") for row in rows)
