"""Sounds at another rate, in integer arithmetic: a windowed sinc function between the samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

_TAPS = 32
_ONE = 14  # bits behind the point of the filter
_KEPT = 0.875  # of the band that both rates have


def resampled(
    samples: npt.NDArray[np.int16], rate_hz: int, wanted_hz: int
) -> npt.NDArray[np.int16]:
    """The same sound with ``wanted_hz`` samples a second; outside of it is silence."""
    taps = _filter(rate_hz, wanted_hz)
    times = np.arange(len(samples) * wanted_hz // rate_hz) * rate_hz
    before = times // wanted_hz
    phase = times % wanted_hz * len(taps) // wanted_hz
    padded = np.pad(samples.astype(np.int64), _TAPS)
    places = before[:, None] + _TAPS + np.arange(_TAPS) - _TAPS // 2 + 1
    sums = (padded[places] * taps[phase]).sum(axis=1) >> _ONE
    made: npt.NDArray[np.int16] = np.clip(sums, -32_768, 32_767).astype(np.int16)
    return made


@cache
def _filter(rate_hz: int, wanted_hz: int) -> npt.NDArray[np.int64]:
    """For each place between two samples that comes up, the weights around it: (phases, taps)."""
    phases = wanted_hz // int(np.gcd(wanted_hz, rate_hz))
    distance = np.arange(_TAPS) - _TAPS // 2 + 1 - np.arange(phases)[:, None] / phases
    cut = _KEPT * min(1, wanted_hz / rate_hz)
    window = 0.5 + 0.5 * np.cos(2 * np.pi * distance / _TAPS)
    return np.floor(cut * np.sinc(cut * distance) * window * (1 << _ONE) + 0.5).astype(np.int64)
