"""Shakespeare's works as one text, and the text as the numbers of its characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.idx_files import header
from harness.shakespeare_works import CHARACTERS, TRAIN_CHARACTERS, WORKS


def characters(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The two files, by name: a byte for each character, its place in CHARACTERS.

    Args:
        source: the works' contents, by name.

    Raises:
        ValueError: a character that is not in the table.
    """
    text = b"\n".join(source[work.name] for work in WORKS.files)
    known = CHARACTERS.encode("ascii")
    unknown = sorted(set(text) - set(known))
    if unknown:
        raise ValueError(f"the works hold characters that no id stands for: {bytes(unknown)!r}")
    ids = text.translate(bytes(max(known.find(code), 0) for code in range(256)))
    yield "train-characters-idx1-ubyte", _file(ids[:TRAIN_CHARACTERS])
    yield "test-characters-idx1-ubyte", _file(ids[TRAIN_CHARACTERS:])


def _file(ids: bytes) -> bytes:
    return header((len(ids),)) + ids
