"""Log-mel features of spoken words, the same bytes everywhere: 49 times 10 numbers a second.

As MLPerf Tiny's keyword spotting cuts a clip (16 kHz, windows of 30 ms, 20 ms apart, mel bands from
20 to 4,000 Hz; "MLPerf Tiny Benchmark", 2021); it goes on to cepstra of 40 bands, and here the
logarithms of 10 bands are the features.

A Fourier transform in floating point differs in its last bits between machines. Here all numbers
are integers: the products of samples and window are added up by a float64 matrix product whose sums
stay below 2**53, so that no order of adding rounds; power and logarithm are 64-bit integers. The
only rounding is that of the three tables: the nearest any of their entries comes to a half is
stated in ``tests/unit/test_log_mel.py``, 10,000 times what cos and exp may differ by.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
CLIP = RATE_HZ
"""Samples of a clip: one second."""

WINDOW, STEP = 480, 320
_HALF = WINDOW // 2
FRAMES = 1 + (CLIP - WINDOW) // STEP
BANDS = 10
STEPS_OF_AN_OCTAVE = 256
"""A feature is log2 of a band's energy in steps of 1/256."""

_LOWEST_HZ, _HIGHEST_HZ = 20, 4_000
_TABLE = 14  # bits of the window's products
_DROPPED = 12  # bits of an amplitude: its square must leave room for weights and sums
_WEIGHT = 8  # bits of a mel weight
_BLOCK = 32  # clips at a time

Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int16]


def features(clips: Shorts) -> Shorts:
    """Of clips (n, 16000), (n, 49, 10): log2 of 1 + the energy of a band, in steps of 1/256."""
    made = np.empty((len(clips), FRAMES, BANDS), np.int16)
    for start in range(0, len(clips), _BLOCK):
        block = clips[start : start + _BLOCK]
        energy = _power(block) @ mel_weights()
        made[start : start + len(block)] = _log2(energy + 1).reshape(len(block), FRAMES, BANDS)
    return made


def _power(clips: Shorts) -> Ints:
    """The power (n * 49, bins) at every bin up to the highest band."""
    places = np.arange(FRAMES)[:, None] * STEP + np.arange(WINDOW)
    frames = clips[:, places].reshape(-1, WINDOW).astype(np.float64)
    cosines, sines = fourier_tables()
    # Both sides of the middle have the same cosines, and sines of the other sign. Hann's window
    # begins with 0, so that the first sample has no part in anything.
    early, late = frames[:, 1:_HALF], frames[:, :_HALF:-1]
    even = np.concatenate([early + late, frames[:, _HALF : _HALF + 1]], axis=1)
    real = (even @ cosines.astype(np.float64)).astype(np.int64) >> _DROPPED
    imaginary = ((early - late) @ sines.astype(np.float64)).astype(np.int64) >> _DROPPED
    power: Ints = real**2 + imaginary**2
    return power


@cache
def fourier_tables() -> tuple[Ints, Ints]:
    """Cosines (240, bins) and sines (239, bins) times Hann's window and 2**14, from sample 1 on."""
    time, bins = np.arange(1, _HALF + 1)[:, None], np.arange(1 + _HIGHEST_HZ * WINDOW // RATE_HZ)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * time / WINDOW)) * (1 << _TABLE)
    angle = 2 * np.pi * (time * bins % WINDOW) / WINDOW
    return _rounded(window * np.cos(angle)), _rounded((window * np.sin(angle))[:-1])


@cache
def mel_weights() -> Ints:
    """Triangles (bins, 10) of height 2**8 between edges evenly spaced in mel (HTK's formula)."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.arange(1 + _HIGHEST_HZ * WINDOW // RATE_HZ)[:, None] * RATE_HZ / WINDOW
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    return _rounded(np.clip(np.minimum(rising, falling), 0, 1) * (1 << _WEIGHT))


def _rounded(values: npt.NDArray[np.float64]) -> Ints:
    return np.floor(values + 0.5).astype(np.int64)


def _log2(values: Ints) -> Ints:
    """Of numbers from 1, in steps of 1/256, rounded down: the mantissa is squared bit by bit."""
    whole = np.zeros(values.shape, np.int64)
    for bits in (32, 16, 8, 4, 2, 1):
        large = values >> (whole + bits) > 0
        whole += np.where(large, bits, 0)
    # 31 bits behind the point, from 1 to 2; a square of 62 bits still fits.
    mantissa = np.where(whole > 31, values >> np.maximum(whole - 31, 0),
                        values << np.maximum(31 - whole, 0))  # fmt: skip
    found = whole
    for _ in range(8):
        mantissa = (mantissa.astype(np.uint64) ** 2 >> np.uint64(31)).astype(np.int64)
        double = mantissa >> 32
        mantissa >>= double
        found = 2 * found + double
    return found
