"""Generated flights like those of New York in 2013, the same bytes everywhere: who leaves late?

A flight is late if a sum of effects and a bell-shaped chance is above a threshold. Most effects add
up: of carrier, destination, origin, month and weekday, and of the hour. Two do not: the evening
rush, and bad days, on which one airport is late all day: those a model must find among 365 days and
three airports. All of it is integer arithmetic on a fixed stream
(:mod:`harness.generators.bitstream`); :mod:`harness.datasets.synthetic_flights` states the
outcome's checksums.

The effects' sizes were set so that the tools stand to each other as on the real table (AUC on
2026-11-26, scikit-learn 1.9 and LightGBM 4.7 with 100 trees of 512 leaves): logistic regression
0.702, LightGBM 0.738, and 0.760 for the sum of the effects itself, which nothing can exceed. 22.3 %
are late, as of the real ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.flight_columns import COLUMNS, LEVELS
from harness.generators.bitstream import SPREAD, Words, bell, below, words

TRAIN_STREAM, TEST_STREAM = 4, 5
"""Streams of :func:`make` for the two sets."""

Ints = npt.NDArray[np.int64]

_EFFECTS_STREAM = 6
_SLOTS = 16  # random words set aside for one flight
_ONE = 1000  # fixed point of the effects: 1.0 is the spread of chance
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST_WEEKDAY = 1  # 2013 began on a Tuesday
_DAYS = sum(_MONTHS)

_SPREADS = {"month": 160, "weekday": 60, "carrier": 230, "origin": 120, "destination": 130}
_HOUR = 84  # for each hour after 6:00
_RUSH, _RUSH_FROM, _RUSH_TO = 420, 16 * 60, 20 * 60
_BAD, _BAD_DAY_OF = 1200, 9  # on one day of so many at each airport
_THRESHOLD = 1790


def make(count: int, stream: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """The first ``count`` rows (n, 8) and labels of a stream. A flight depends on its number."""
    rows, effects = _flights(count, stream)
    chance = bell(stream, _slot(count, 15)) * _ONE // SPREAD
    return rows, (effects + chance > _THRESHOLD).astype(np.uint8)


def best(count: int, stream: int) -> Ints:
    """The sum of the effects of the same flights, which orders them as well as can be."""
    return _flights(count, stream)[1]


def _flights(count: int, stream: int) -> tuple[npt.NDArray[np.int16], Ints]:
    day = below(_DAYS, stream, _slot(count, 0))
    starts = np.cumsum((0, *_MONTHS[:-1]))
    month = np.searchsorted(starts, day, side="right") - 1
    dice = [below(108, stream, _slot(count, slot)) for slot in (1, 2)]
    departure = 6 * 60 + 5 * (dice[0] + dice[1])
    destination = _uneven("destination", stream, _slot(count, 4))
    columns = {
        "month": month,
        "day": day - starts[month],
        "weekday": (day + _FIRST_WEEKDAY) % 7,
        "departure": departure,
        "carrier": _uneven("carrier", stream, _slot(count, 3)),
        "origin": below(LEVELS["origin"], stream, _slot(count, 5)),
        "destination": destination,
        "distance": 80
        + below(2600, _EFFECTS_STREAM, _numbers(LEVELS["destination"], 9))[destination],
    }
    effects = _HOUR * (departure - 6 * 60) // 60
    rush = (departure >= _RUSH_FROM) & (departure < _RUSH_TO)
    effects = effects + _RUSH * rush * (1 + (columns["origin"] == 0)) // 2
    for slot, (name, spread) in enumerate(_SPREADS.items()):
        effects = effects + _effect(LEVELS[name], slot, spread)[columns[name]]
    bad = below(_BAD_DAY_OF, _EFFECTS_STREAM, _numbers(3 * _DAYS, 8)) == 0
    effects = effects + _BAD * bad[3 * day + columns["origin"]]
    return np.stack([columns[name] for name in COLUMNS], axis=1).astype(np.int16), effects


def _effect(levels: int, slot: int, spread: int) -> Ints:
    """Of each level, around 0."""
    return bell(_EFFECTS_STREAM, _numbers(levels, slot)) * spread // SPREAD


def _uneven(name: str, stream: int, counters: Words) -> Ints:
    """Levels of which a few are frequent: the k-th has the weight 4096 / (k + 3), rounded down."""
    weights = 4096 // (np.arange(LEVELS[name]) + 3)
    order = np.argsort(words(_EFFECTS_STREAM, _numbers(LEVELS[name], 10)), kind="stable")
    drawn = below(int(weights.sum()), stream, counters)
    return order[np.searchsorted(np.cumsum(weights), drawn, side="right")]


def _slot(count: int, slot: int) -> Words:
    return np.arange(count, dtype=np.uint64) * np.uint64(_SLOTS) + np.uint64(slot)


def _numbers(count: int, slot: int) -> Words:
    return np.arange(count, dtype=np.uint64) + np.uint64(slot << 16)
