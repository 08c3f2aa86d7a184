"""Generated words, the same bytes everywhere: a voice or hiss through three moving resonances.

Twelve words of three sounds each, in pairs that hold the same sounds in another order: who averages
over time cannot tell them apart. A speaker has a pitch, a length of the throat (which moves all
resonances), a pace, a level and a moment to begin; noise lies over it.

The source is a train of pulses or noise, the throat a cascade of three resonators (D. Klatt,
"Software for a cascade/parallel formant synthesizer", 1980), the resonances of vowels are those of
men in G. Peterson and H. Barney, "Control methods used in a study of the vowels", 1952. All of it
is integer arithmetic on a fixed stream (:mod:`harness.generators.bitstream`);
:mod:`harness.datasets.synthetic_speech` states the outcome's checksums.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from harness.generators.bitstream import Words, below, noise
from harness.generators.log_mel import CLIP, Ints, Shorts, features
from harness.generators.log_mel import RATE_HZ as CLIP_RATE_HZ

TRAIN_STREAM, TEST_STREAM = 60, 61
"""Streams of :func:`make` for the two sets; so much further on lie those of their noise."""

_NOISE = 8
_BLOCK = 2_000  # clips at a time
_SLOTS = 16  # random words set aside for one clip
_RATE_HZ = CLIP_RATE_HZ // 2
"""Features end at 4 kHz: nothing above is made, and every sample is held for two of a clip."""

_SAMPLES = CLIP // 2
_FRAME = 80  # samples between two changes of the throat: 10 ms
_FRAMES = _SAMPLES // _FRAME
_HIGHEST_HZ = 3_900  # no resonance lies above
_ONE = 14  # bits behind the point of a resonator's coefficients
_RADII = (15_877, 15_753, 15_447)
"""Of the resonators' poles: exp(-pi * bandwidth / rate) for 80, 100 and 150 Hz, times 2**14."""

_SOUNDS = {  # three resonances in Hz, loudness of voice and of hiss
    "a": (730, 1090, 2440, 64, 0), "i": (270, 2290, 3010, 64, 0), "u": (300, 870, 2240, 64, 0),
    "e": (530, 1840, 2480, 64, 0), "o": (570, 840, 2410, 64, 0), "m": (250, 1100, 2300, 30, 0),
    "l": (360, 1300, 2700, 40, 0), "s": (400, 1800, 3500, 0, 24),
}  # fmt: skip
WORDS = ("mai", "iam", "sol", "los", "aue", "eua", "sim", "mis", "leo", "oel", "usa", "asu")


def make(count: int, stream: int) -> tuple[Shorts, npt.NDArray[np.uint8]]:
    """Features (n, 49, 10) and labels of the first ``count`` words of a stream.

    A word depends on its number only.
    """
    made = [(features(clips), labels) for clips, labels in _blocks(count, stream)]
    return np.concatenate([part for part, _ in made]), np.concatenate([part for _, part in made])


def _blocks(count: int, stream: int) -> Iterator[tuple[Shorts, npt.NDArray[np.uint8]]]:
    for start in range(0, count, _BLOCK):
        yield clips(np.arange(start, min(start + _BLOCK, count), dtype=np.uint64), stream)


def clips(numbers: Words, stream: int) -> tuple[Shorts, npt.NDArray[np.uint8]]:
    """The sound (n, 16000) and the labels of the words of these numbers."""

    def dice(slot: int, low: int, high: int) -> Ints:
        places = numbers * np.uint64(_SLOTS) + np.uint64(slot)
        return low + below(high - low + 1, stream, places)

    labels = dice(0, 0, len(WORDS) - 1)
    pitch_hz, throat_percent = dice(1, 90, 250), dice(2, 85, 120)
    frames = np.stack([dice(3 + sound, 10, 22) for sound in range(3)])
    onset = dice(6, 0, 31)
    throat = _moves(labels, frames, onset)
    throat[:3] = np.minimum(throat[:3] * throat_percent // 100, _HIGHEST_HZ)
    hiss = noise(stream + _NOISE, numbers, _SAMPLES).T
    spoken = _spoken(throat, pitch_hz, dice(7, 0, 30), hiss)
    loudest = np.maximum(np.abs(spoken).max(axis=0), 1)
    level, hum = dice(8, 2_000, 20_000), dice(9, 10, 1_000)
    sound = spoken * level // loudest + (hiss * hum >> 15)
    return np.repeat(sound.T.astype(np.int16), 2, axis=1), labels.astype(np.uint8)


def _moves(labels: Ints, frames: Ints, onset: Ints) -> Ints:
    """Resonances and loudness (5, frames, n) of words whose sounds are so many frames long."""
    table = np.array([[_SOUNDS[sound] for sound in word] for word in WORDS], np.int64)
    ends = onset + np.cumsum(frames, axis=0)
    now = np.arange(_FRAMES)[:, None]
    sound = np.minimum((now[None] >= ends[:, None]).sum(axis=0), 2)
    targets = np.moveaxis(table[labels[None], sound], 2, 0)
    silent = (now < onset) | (now >= ends[2])
    targets[3:, silent] = 0
    # From one sound to the next in five frames.
    padded = np.pad(targets, ((0, 0), (2, 2), (0, 0)), mode="edge")
    moved = np.stack([padded[:, shift : shift + _FRAMES] for shift in range(5)])
    mean: Ints = moved.sum(axis=0) // 5
    return mean


def _spoken(throat: Ints, pitch_hz: Ints, fall_percent: Ints, hiss: Ints) -> Ints:
    """The sound (samples, n) of a moving throat, at any level."""
    spoken = np.empty(hiss.shape, np.int64)
    phase, glottis = np.zeros((2, len(pitch_hz)), np.int64)
    before = np.zeros((3, 2, len(pitch_hz)), np.int64)
    for frame in range(_FRAMES):
        first, second = _coefficients(throat[:3, frame])
        gain = (1 << _ONE) - first - second
        voice, breath = throat[3:, frame] << 6
        pitch = pitch_hz * (100 - fall_percent * frame // _FRAMES) // 100
        for sample in range(frame * _FRAME, (frame + 1) * _FRAME):
            phase += pitch
            pulse = phase >= _RATE_HZ
            phase -= pulse * _RATE_HZ
            glottis -= glottis >> 3
            glottis += pulse * voice
            wave = glottis + (hiss[sample] * breath >> 15)
            for number in range(3):
                last = before[number]
                wave = (
                    gain[number] * wave + first[number] * last[0] + second[number] * last[1]
                ) >> _ONE
                last[1] = last[0]
                last[0] = wave
            spoken[sample] = wave
    return spoken


def _coefficients(hz: Ints) -> tuple[Ints, Ints]:
    """Of the last value and of the one before it, for resonances (3, n)."""
    radii = np.array(_RADII, np.int64)[:, None]
    return (2 * radii * _cosines()[hz]) >> _ONE, -(radii * radii >> _ONE) + np.zeros_like(hz)


@cache
def _cosines() -> Ints:
    """Of each frequency below half the rate, in Hz, times 2**14.

    No entry is nearer to a half than 0.00001, which no machine's cosine is wrong by.
    """
    turn = 2 * np.pi * np.arange(_RATE_HZ // 2) / _RATE_HZ
    return np.floor(np.cos(turn) * (1 << _ONE) + 0.5).astype(np.int64)
