"""Words spoken by espeak-ng, as features: real speech, if a machine's, with voices held out.

espeak-ng (a formant synthesiser, GPL-3) is run as the program that it is; what it says is nobody's
work but the user's. Ten commands, other words and silence are the classes, as in Speech Commands.
The voices of the test set say nothing in the training set. Another version of espeak-ng says the
words a little otherwise: what is made is the same on machines with the same version alone, so
checksums are recorded when it is made.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from harness import speech_clips
from harness.generators import espeak, log_mel
from harness.generators.bitstream import Words, below, noise, words
from harness.generators.espeak import Said
from harness.generators.log_mel import Ints, Shorts

_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029")
_VOICES = {
    "train": ("m1", "m2", "m3", "m5", "m7", "f1", "f2", "f4"),
    "test": ("m4", "m6", "f3", "f5"),
}
_OTHERS = (
    "bed", "bird", "cat", "dog", "happy", "house", "tree", "wow", "zero", "one", "two", "three",
    "four", "five", "six", "seven", "eight", "nine", "forward", "learn",
)  # fmt: skip
_SPEEDS = (130, 160, 190)  # words a minute
_PITCHES = (30, 70)  # of 0 to 99
_TIMES = {"train": 2, "test": 1}  # that a spoken word is heard, in other noise
_STREAMS = {"train": 80, "test": 81}
_NOISE = 8  # the noise of a clip comes from the stream so much further on
_SLOTS = 8
_BLOCK = 500  # clips at a time: 64 MB


def plan(split: str) -> list[tuple[Said, int]]:
    """All that is said for a set, each once, and its class."""
    ways = list(itertools.product(_VOICES[split], _ACCENTS, _SPEEDS, _PITCHES))
    said = [
        (Said(word, f"{accent}+{voice}", speed, pitch), 2 + number)
        for number, word in enumerate(speech_clips.COMMANDS)
        for voice, accent, speed, pitch in ways
    ]
    for number, (voice, accent, speed, pitch) in enumerate(ways):
        word = _OTHERS[number % len(_OTHERS)]
        said.append((Said(word, f"{accent}+{voice}", speed, pitch), speech_clips.UNKNOWN))
    return said


def count(split: str) -> int:
    """Clips of a set: what is said so many times, and as much silence as other words."""
    ways = len(_VOICES[split]) * len(_ACCENTS) * len(_SPEEDS) * len(_PITCHES)
    return (len(speech_clips.COMMANDS) + 2) * ways * _TIMES[split]


def features(split: str) -> tuple[Shorts, npt.NDArray[np.uint8]]:
    """Features (n, 49, 10) and labels of a set, in an order of chance; about a minute.

    Raises:
        BenchdlError: espeak-ng is not there, or does not speak.
    """
    said, labels = zip(*plan(split), strict=True)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        spoken = list(pool.map(espeak.say, said))
    silence = np.zeros(0, np.int16)
    quiet = count(split) // _TIMES[split] - len(said)
    spoken += [silence] * quiet
    classes = np.array(labels + (speech_clips.SILENCE,) * quiet, np.uint8)
    stream = _STREAMS[split]
    order = np.argsort(words(stream, np.arange(count(split), dtype=np.uint64)), kind="stable")
    order = order % len(spoken)
    made = [log_mel.features(clips) for clips in _heard([spoken[at] for at in order], stream)]
    return np.concatenate(made), classes[order]


def _heard(spoken: list[Shorts], stream: int) -> Iterator[Shorts]:
    """Clips (n, 16000) of words, each somewhere in its second, at any level, with noise."""
    for start in range(0, len(spoken), _BLOCK):
        block = spoken[start : start + _BLOCK]
        numbers = np.arange(start, start + len(block), dtype=np.uint64)
        clips = noise(stream + _NOISE, numbers, log_mel.CLIP) * _dice(numbers, stream, 0, 10, 600)
        clips >>= 15
        level, place = _dice(numbers, stream, 1, 2_000, 20_000), _dice(numbers, stream, 2, 0, 99)
        for number, word in enumerate(block):
            loud = word[: log_mel.CLIP].astype(np.int64)
            at = int(place[number, 0]) * (log_mel.CLIP - len(loud)) // 99
            loudest = max(int(np.abs(loud).max(initial=0)), 1)
            clips[number, at : at + len(loud)] += loud * level[number] // loudest
        yield clips.astype(np.int16)


def _dice(numbers: Words, stream: int, slot: int, low: int, high: int) -> Ints:
    """A number from ``low`` to ``high`` for each clip: (n, 1)."""
    drawn = below(high - low + 1, stream, numbers * np.uint64(_SLOTS) + np.uint64(slot))
    return low + drawn[:, None]
