"""The reviews of films from IMDB, out of the plain text of their home: is one good?

``aclImdb/train/pos/0_9.txt`` is a review for the training that gives the film 9 of 10; those of the
folder ``unsup`` have no label and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from harness.preparing import fixed_order, numbered_texts, tar_members
from harness.preparing.numbered_texts import LabelledText

ARCHIVE = "aclImdb_v1.tar.gz"
REVIEWS = 25_000
"""For the training, and as many for the test."""

_PATH = re.compile(r"aclImdb/(train|test)/(pos|neg)/([0-9]+)_[0-9]+\.txt")
_LIMITS = tar_members.Limits(file_bytes=1 << 17, all_bytes=1_000_000_000)
_STREAMS = {"train": 42, "test": 43}


def split(source: Mapping[str, bytes], reviews: int = REVIEWS) -> Iterator[tuple[str, bytes]]:
    """The five files, by name; label 1 is a good review.

    Args:
        source: the archive's contents, by its name.
        reviews: how many either set has.

    Raises:
        ValueError: the archive is not as it should be.
    """
    found: dict[str, dict[tuple[str, int], LabelledText]] = {name: {} for name in _STREAMS}
    for match, content in tar_members.matching(source[ARCHIVE], ARCHIVE, _PATH, _LIMITS):
        name, opinion, number = match.groups()
        text = LabelledText(numbered_texts.words(content), int(opinion == "pos"))
        found[name][opinion, int(number)] = text
    sets = []
    for name, texts in found.items():
        if len(texts) != reviews:
            raise ValueError(
                f"{ARCHIVE} has {len(texts):,} reviews for the {name} set, not {reviews:,}"
            )
        in_turn = [texts[key] for key in sorted(texts)]
        order = fixed_order.of(len(in_turn), _STREAMS[name])
        sets.append([in_turn[place] for place in order])
    return numbered_texts.files(*sets)
