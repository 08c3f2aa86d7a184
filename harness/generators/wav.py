"""Sounds out of WAVE files: 16-bit samples of one channel, and nothing else.

The format: RIFF chunks, of which "fmt " states the coding and "data" has the samples ("Multimedia
Programming Interface and Data Specifications 1.0", IBM and Microsoft, 1991).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_PCM = 1
_OPEN_END = 0x7FFFF000
"""From this size on a program wrote it that could not know it: the data reach to the end."""


class Sound(NamedTuple):
    """Samples, int16 (n,), and how many of them are a second."""

    samples: npt.NDArray[np.int16]
    rate_hz: int


def sound(content: bytes, name: str) -> Sound:
    """The sound in a file.

    Raises:
        ValueError: it is no such file, or is cut off; the message begins with ``name``.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError(f"{name} is no WAVE file")
    rate_hz = None
    for kind, part in _chunks(content, name):
        if kind == b"fmt ":
            rate_hz = _rate(part, name)
        elif kind == b"data":
            if rate_hz is None:
                raise ValueError(f"{name} has samples before it says what they are")
            return Sound(np.frombuffer(part[: len(part) // 2 * 2], "<i2").astype(np.int16), rate_hz)
    raise ValueError(f"{name} has no samples")


def _chunks(content: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, place)
        part = content[place + 8 : place + 8 + size]
        if len(part) < size < _OPEN_END:
            raise ValueError(f"{name} is cut off: {len(part)} bytes of {size}")
        yield kind, part
        place += 8 + size + size % 2


def _rate(part: bytes, name: str) -> int:
    if len(part) < 16:
        raise ValueError(f"{name} is cut off in its header")
    coding, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", part)
    if (coding, channels, bits) != (_PCM, 1, 16):
        raise ValueError(
            f"{name} has {channels} channels of {bits} bits in coding {coding}, not one of 16 bits "
            "in coding 1"
        )
    return int(rate_hz)
