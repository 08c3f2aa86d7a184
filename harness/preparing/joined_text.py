"""Shakespeare's works as one text, and the text as the numbers of its characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.shakespeare_works import TRAIN_CHARACTERS, WORKS, ids
from runner.contract.idx_header import header


def characters(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The two files, by name: a byte for each character, its place in CHARACTERS.

    Args:
        source: the works' contents, by name.

    Raises:
        ValueError: a character that is not in the table.
    """
    text = b"\n".join(source[work.name] for work in WORKS.files)
    numbers = ids(text)
    yield "train-characters-idx1-ubyte", _file(numbers[:TRAIN_CHARACTERS])
    yield "test-characters-idx1-ubyte", _file(numbers[TRAIN_CHARACTERS:])


def _file(numbers: bytes) -> bytes:
    return header((len(numbers),)) + numbers
