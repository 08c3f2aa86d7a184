"""Generated handwritten digits like those of MNIST, the same bytes everywhere.

A picture starts from a master copy of its digit (:mod:`harness.generators.glyphs`), which is
turned, slanted, scaled, bent, shifted, drawn with a pen of another width and blackness, and
sometimes broken or smudged so that a few pictures cannot be told. All of it is integer arithmetic
on a fixed stream (:mod:`harness.generators.bitstream`); :mod:`harness.datasets.synthetic_mnist`
states the outcome's checksums. Shapes, types, sizes, mean and spread of the pixels are those of
MNIST (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.generators import glyphs
from harness.generators.bitstream import SPREAD, Words, bell, below, words
from harness.generators.glyphs import COPIES, SIDE

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

_PIXELS = 28
_BLOCK = 500  # pictures at a time: what is in use stays in the processor's cache
_ONE = 1 << 16  # fixed point of the geometry: 1.0
_SLOTS = 32  # random words set aside for one picture
_NOISE = 16  # a picture's grain comes from the stream so much further on

TRAIN_STREAM, TEST_STREAM = 2, 3
"""Streams of :func:`make` for the two sets."""


def make(count: int, stream: int) -> tuple[Bytes, Bytes]:
    """The first ``count`` pictures and labels of a stream. A picture depends on its number only."""
    fields = glyphs.masters()
    images = np.empty((count, _PIXELS, _PIXELS), dtype=np.uint8)
    labels = below(10, stream, _slot(np.arange(count, dtype=np.uint64), 0)).astype(np.uint8)
    for start in range(0, count, _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, count), dtype=np.uint64)
        block = slice(start, start + len(numbers))
        images[block] = _draw(fields, labels[block].astype(np.int64), numbers, stream)
    return images, labels


def _slot(numbers: Words, slot: int) -> Words:
    return numbers * np.uint64(_SLOTS) + np.uint64(slot)


class _Dice:
    """The random numbers of a block of pictures, shaped (n, 1, 1) to go with (n, 28, 28)."""

    def __init__(self, numbers: Words, stream: int) -> None:
        self._numbers, self._stream = numbers, stream

    def bell(self, slot: int, spread: int) -> Ints:
        """Bell-shaped around 0 with this spread."""
        value = bell(self._stream, _slot(self._numbers, slot)) * spread // SPREAD
        return value.astype(np.int32)[:, None, None]

    def below(self, slot: int, bound: int) -> Ints:
        """Evenly from 0 to bound - 1."""
        value = below(bound, self._stream, _slot(self._numbers, slot))
        return value.astype(np.int32)[:, None, None]


def _draw(fields: Ints, labels: npt.NDArray[np.int64], numbers: Words, stream: int) -> Bytes:
    dice = _Dice(numbers, stream)
    copies = (labels * COPIES)[:, None, None] + dice.below(1, COPIES)
    across, down = _where(dice)
    ink = _ink(_sample(fields, copies, across, down), dice)
    ink = _blot(ink, dice)
    return _grain(ink, numbers, stream)


def _where(dice: _Dice) -> tuple[Ints, Ints]:
    """For every pixel the place in the master copy, in half pixels times _ONE."""
    axis = np.arange(-_PIXELS + 1, _PIXELS, 2, dtype=np.int32)
    x, y = axis[None, None, :], axis[None, :, None]
    careless = np.where(dice.below(31, 5) == 0, 2, 1).astype(np.int32)  # one writer in 5
    turn, slant = dice.bell(2, 7500) * careless, dice.bell(3, 10_500)
    size = dice.bell(4, 4200)
    wide = _ONE + size + dice.bell(5, 6000)
    high = _ONE + size + dice.bell(6, 3200)
    across = wide * x + (slant + turn) * y + dice.bell(7, 52_000) * careless
    down = high * y - turn * x + dice.bell(8, 52_000) * careless
    across = across + careless * (dice.bell(9, 280) * (y * y - 100) + dice.bell(10, 280) * (x * y))
    down = down + careless * (dice.bell(11, 280) * (x * x - 60) + dice.bell(12, 280) * (x * y))
    return across, down


def _sample(fields: Ints, copies: npt.NDArray[np.int64], across: Ints, down: Ints) -> Ints:
    """Distances between the grid's points: bilinear, in 1/64 pixel."""
    limit = (SIDE - 1) * _ONE - 1
    across = np.clip(across + (SIDE // 2) * _ONE, 0, limit)
    down = np.clip(down + (SIDE // 2) * _ONE, 0, limit)
    at = copies * (SIDE * SIDE) + (down >> 16) * SIDE + (across >> 16)
    right, below_ = (across & 0xFFFF) >> 8, (down & 0xFFFF) >> 8
    flat = fields.reshape(-1)
    top = flat[at] * (256 - right) + flat[at + 1] * right
    bottom = flat[at + SIDE] * (256 - right) + flat[at + SIDE + 1] * right
    between: Ints = (top * (256 - below_) + bottom * below_) >> 16
    return between


def _ink(distance: Ints, dice: _Dice) -> Ints:
    """From distances to blackness 0..255: the pen's radius and how soft its edge is."""
    radius = np.clip(83 + dice.bell(13, 22), 44, 150)
    soft = 36 + dice.below(14, 32)
    black = 255 - np.maximum(dice.bell(15, 16), 0)
    ink: Ints = np.clip((radius + soft // 2 - distance) * 255 // soft, 0, 255) * black // 255
    return ink


def _blot(ink: Ints, dice: _Dice) -> Ints:
    """Where the pen skipped (a sixth of the pictures) or smudged (a 16th): a disc of another shade.

    In one picture of 40 so much is missing that some of them cannot be told: with this share a
    good network's error rate ends near 0.4 %, not at 0.
    """
    axis = np.arange(_PIXELS, dtype=np.int32)
    x, y = axis[None, None, :], axis[None, :, None]
    ruined = dice.below(30, 40) == 0
    for slot, one_in, sign in ((16, 6, -1), (20, 16, 1)):
        hit, reach = dice.below(slot, one_in) == 0, 1 + dice.below(slot + 1, 3)
        if sign < 0:
            hit, reach = hit | ruined, np.where(ruined, reach + 4, reach)
        off_x, off_y = x - 6 - dice.below(slot + 2, 16), y - 4 - dice.below(slot + 3, 20)
        shade = np.clip(reach * reach + 2 - off_x * off_x - off_y * off_y, 0, 6) * 42
        ink = np.where(hit, np.clip(ink + sign * shade, 0, 255), ink)
    return ink


def _grain(ink: Ints, numbers: Words, stream: int) -> Bytes:
    """Paper grain: every pixel with ink loses up to an eighth of it."""
    per_picture = _PIXELS * _PIXELS // 8
    pixels = np.arange(per_picture, dtype=np.uint64)
    counters: Words = numbers[:, None] * np.uint64(per_picture) + pixels
    grain = words(stream + _NOISE, counters).astype("<u8").view(np.uint8).reshape(ink.shape)
    return (ink * (2048 - grain.astype(np.int32)) >> 11).astype(np.uint8)
