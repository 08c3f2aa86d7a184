"""Random numbers that never change: SplitMix64 of a counter, in 64-bit integer arithmetic.

numpy promises no fixed stream for its new generators and keeps the old one only by courtesy; the
stand-in's pictures must be the same bytes on every platform, Python and numpy for good. The mixing
function is that of Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

SPREAD = 37_837
"""Standard deviation of :func:`bell`: four even 16-bit numbers added up, 65536 / sqrt(3)."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def words(stream: int, counters: Words) -> Words:
    """One 64-bit word for every counter below 2**48, of one of 65,536 streams. Same shape."""
    z = (counters + np.uint64(stream << 48)) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


def below(bound: int, stream: int, counters: Words) -> npt.NDArray[np.int64]:
    """Integers from 0 to ``bound`` - 1, for bounds up to 65,536. Same shape as ``counters``."""
    high = words(stream, counters) >> np.uint64(32)
    return ((high * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)


def bell(stream: int, counters: Words) -> npt.NDArray[np.int64]:
    """Bell-shaped integers around 0: spread :data:`SPREAD`, never beyond ±131,072. Same shape."""
    word = words(stream, counters)
    total = np.full(word.shape, -2 * 65535, dtype=np.int64)
    for shift in (0, 16, 32, 48):
        total += ((word >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
    return total


def noise(stream: int, numbers: Words, samples: int) -> npt.NDArray[np.int64]:
    """Even noise of -32,768 to 32,767: so many ``samples``, by fours, for each number."""
    each = samples // 4
    within = np.arange(each, dtype=np.uint64)
    counters: Words = numbers[:, None] * np.uint64(each) + within
    word = words(stream, counters)
    parts = [(word >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    return np.stack(parts, axis=2).reshape(len(numbers), samples).astype(np.int64) - 32_768
