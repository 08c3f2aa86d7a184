"""Generated plays in a language that there is not, the same text everywhere.

Words are made of syllables; few of them are frequent. Each belongs to a class, and after a class
only a few others come, so that a line has something like a grammar. Speakers, speeches, lines,
stage directions and marks are laid out as in the texts of Shakespeare's works, of whose characters
each occurs. A model of characters can learn all that step by step: spelling, words, order, layout.
Counting what follows the last 0, 1, 2, 3 or 4 characters gives 3.23, 2.24, 1.93, 1.62 and 1.33 nats
a character on the test (2026-11-26).

All of it is integer arithmetic on a fixed stream (:mod:`harness.generators.bitstream`);
:mod:`harness.datasets.synthetic_shakespeare` states the outcome's checksums.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import numpy.typing as npt

from harness.generators.bitstream import Words, below
from harness.shakespeare_works import CHARACTERS

TRAIN_STREAM, TEST_STREAM = 11, 12
"""Streams of :func:`make` for the two sets."""

Ints = npt.NDArray[np.int64]

_LANGUAGE_STREAM = 10
_ONSETS = [
    "b", "c", "ch", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "qu", "r", "s", "sh", "st",
    "t", "th", "tr", "v", "w", "wh", "x", "y", "z", "j",
]  # fmt: skip
_VOWELS = ["a", "e", "e", "i", "o", "o", "u", "ea", "ou", "ai"]
_CODAS = ["", "", "", "", "n", "r", "s", "t", "l", "nd", "st", "ck"]
_VOCABULARY, _CLASSES, _FOLLOWERS, _SPEAKERS = 3000, 40, 5, 80
_MOST_WORDS = 9  # of a line, which has five or more
_FAR = np.uint64(1 << 20)  # beyond the vocabulary's random words
_SLOTS = 64  # random words set aside for one line
_ENDS = [",", ",", ",", ",", "", "", "", ".", ".", ".", ";", ":", "!", "?", ".", "--"]
_MARKS = ["", "", "", "", "", "", "", "", "", "", "", "", "", ",", ",", ";"]


def make(count: int, stream: int) -> bytes:
    """The first ``count`` characters of a stream, in ASCII, below 2**24 of them."""
    parts, length = [f"{CHARACTERS.strip()}\n\n"], 0
    vocabulary, names = _vocabulary()
    for start in range(0, 1 << 20, 4096):  # lines at a time
        numbers = np.arange(start, start + 4096, dtype=np.uint64)
        parts.append(_lines(vocabulary, names, numbers, stream))
        length += len(parts[-1])
        if length >= count:
            break
    return "".join(parts).encode("ascii")[:count]


def _vocabulary() -> tuple[list[str], list[str]]:
    """The words, and the speakers' names."""
    total = _VOCABULARY + _SPEAKERS
    numbers = np.arange(total, dtype=np.uint64)

    def dice(slot: int, bound: int) -> list[int]:
        drawn = below(bound, _LANGUAGE_STREAM, numbers * np.uint64(16) + np.uint64(slot))
        return [int(value) for value in drawn]

    syllables = [
        [_ONSETS[onset] + _VOWELS[vowel] + _CODAS[coda] for onset, vowel, coda in zip(
            dice(3 * part, len(_ONSETS)), dice(3 * part + 1, len(_VOWELS)),
            dice(3 * part + 2, len(_CODAS)), strict=True)]
        for part in range(3)
    ]  # fmt: skip
    lengths = [1 if number < 150 else 1 + more for number, more in enumerate(dice(9, 3))]
    made = ["".join(islice(parts, length)) for parts, length in zip(
        zip(*syllables, strict=True), lengths, strict=True)]  # fmt: skip
    return made[:_VOCABULARY], [name.capitalize() for name in made[_VOCABULARY:]]


def _lines(vocabulary: list[str], names: list[str], numbers: Words, stream: int) -> str:
    """Lines of speeches; a line's text depends on its number only."""

    def dice(slot: int, bound: int) -> Ints:
        return below(bound, stream, numbers * np.uint64(_SLOTS) + np.uint64(slot))

    chosen = _sentences(dice)
    lengths, ends = dice(0, _MOST_WORDS - 4) + 5, dice(1, len(_ENDS))
    marks = np.stack([dice(2 + place, len(_MARKS)) for place in range(_MOST_WORDS)], axis=1)
    opens, speakers, asides = dice(11, 4), dice(12, _SPEAKERS), dice(13, 40)
    text = []
    for line, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
        pairs = zip(chosen[line, :length].tolist(), marks[line, :length].tolist(), strict=True)
        said = [vocabulary[word] + _MARKS[mark] for word, mark in pairs]
        if opens[line] == 0:
            if asides[line] == 0:
                text.append(f"\n[Enter {names[(speakers[line] + 1) % _SPEAKERS]}.]\n")
            text.append(f"\n{names[speakers[line]]}.\n")
        sentence = " ".join(said).rstrip(",;")
        text.append(f"{sentence[0].upper()}{sentence[1:]}{_ENDS[end]}\n")
    return "".join(text)


def _sentences(dice: Callable[[int, int], Ints]) -> Ints:
    """Which words a line may have, (n, 9): each of a class that often follows that of the last."""
    members = _VOCABULARY // _CLASSES  # word w is of class w % _CLASSES, and the rarer the higher
    followers = below(
        _CLASSES, _LANGUAGE_STREAM, np.arange(_CLASSES * _FOLLOWERS, dtype=np.uint64) + _FAR
    ).reshape(_CLASSES, _FOLLOWERS)
    often = np.repeat(np.arange(_FOLLOWERS), (8, 4, 2, 1, 1))
    weights = 65536 // (np.arange(members) + 2)
    up_to = np.cumsum(weights)
    kind = dice(14, _CLASSES)
    chosen = []
    for place in range(_MOST_WORDS):
        rank = np.searchsorted(up_to, dice(15 + place, 65536) * up_to[-1] // 65536, side="right")
        chosen.append(rank * _CLASSES + kind)
        kind = followers[kind, often[dice(30 + place, len(often))]]
    return np.stack(chosen, axis=1)
