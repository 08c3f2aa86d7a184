"""Generated texts with an opinion, as ids of words, the same bytes everywhere: is one good?

Words are drawn by Zipf's law. One in twelve is a word of opinion instead: half of two hundred are
good, half bad, and three in four of them say what the text is. There is no grammar, so that
counting words is as good as can be: it errs in 11.3 % of the last 80 words and in 4.3 % of all. All
of it is integer arithmetic on a fixed stream (:mod:`harness.generators.bitstream`);
:mod:`harness.datasets.synthetic_imdb` states the outcome's checksums.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.generators.bitstream import SPREAD, Words, bell, below
from runner.contract.text_ids import FIRST_WORD, IDS, LENGTH, PADDING, START

Ints = npt.NDArray[np.int64]

TRAIN_STREAM, TEST_STREAM = 7, 8
"""Streams of :func:`make` for the two sets."""

OPINIONS = 200
"""How many words have one: the even ones of them are bad, the odd ones good."""

_FIRST, _APART = FIRST_WORD + 500, 50  # their ids: between rarer and rarer words without one
_ONE_IN, _TRUE, _OF = 12, 3, 4
_MIDDLE, _SPREAD, _LEAST = 230, 120, 20  # words of a text, about as many as IMDB's reviews have
_WEIGHT = 1 << 16  # of the commonest word
_SLOTS = 512  # random words set aside for one text and purpose
_AT_ONCE = 5_000  # texts, so that little memory is taken


def make(count: int, stream: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """The first ``count`` texts (n, LENGTH) and labels of a stream; each depends on its number."""
    parts = [
        _texts(np.arange(first, min(first + _AT_ONCE, count), dtype=np.uint64), stream)
        for first in range(0, count, _AT_ONCE)
    ]
    ids, labels = zip(*parts, strict=True)
    return np.concatenate(ids), np.concatenate(labels)


def _texts(numbers: Words, stream: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    labels = below(2, stream, _slots(numbers, 0, 1))[:, 0]
    lengths = _MIDDLE + bell(stream, _slots(numbers, 1, 1))[:, 0] * _SPREAD // SPREAD
    lengths = lengths.clip(_LEAST, LENGTH - 1)
    plain = FIRST_WORD + _by_zipf(below(1 << 16, stream, _slots(numbers, 2, LENGTH)))
    has_one = below(_ONE_IN, stream, _slots(numbers, 3, LENGTH)) == 0
    true = below(_OF, stream, _slots(numbers, 4, LENGTH)) < _TRUE
    which = below(OPINIONS // 2, stream, _slots(numbers, 5, LENGTH))
    good = np.where(true, labels[:, None], 1 - labels[:, None])
    ids = np.where(has_one, _FIRST + _APART * (2 * which + good), plain)
    places = np.arange(LENGTH) - (LENGTH - 1 - lengths[:, None])  # the start of a text is at 0
    ids = np.where(places > 0, ids, np.where(places == 0, START, PADDING))
    return ids.astype(np.int16), labels.astype(np.uint8)


def _by_zipf(drawn: Ints) -> Ints:
    """Ranks from 0 of 16-bit numbers drawn evenly: the k-th has a share like 1 / k."""
    weights = _WEIGHT // (np.arange(IDS - FIRST_WORD, dtype=np.int64) + 1)
    ends = np.cumsum(weights)
    ends = ends * (1 << 16) // ends[-1]
    ranks: Ints = np.searchsorted(ends, drawn, side="right").astype(np.int64)
    return ranks


def _slots(numbers: Words, purpose: int, count: int) -> Words:
    """A counter for each text and place: (n, count)."""
    first = numbers * np.uint64(8 * _SLOTS) + np.uint64(purpose * _SLOTS)
    counters: Words = np.add.outer(first, np.arange(count, dtype=np.uint64))
    return counters
