"""The first bytes of a file in Y. LeCun's IDX format ("The MNIST database", "File formats").

The format: a big-endian magic number (0, 0, type, number of dimensions), the sizes as 32-bit
integers, then the values, big-endian as well.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Tuple


class Kind(IntEnum):
    """What the values of a file are: the third byte of its magic number. Shorts have a sign."""

    UBYTE = 0x08
    SHORT = 0x0B

    @property
    def size_bytes(self) -> int:
        """Of one value."""
        return 1 if self is Kind.UBYTE else 2

    @property
    def word(self) -> str:
        """What names of files end with."""
        return self.name.lower()


def header(shape: Tuple[int, ...], kind: Kind = Kind.UBYTE) -> bytes:
    """What a file of values of this kind and shape begins with."""
    return bytes((0, 0, kind, len(shape))) + b"".join(size.to_bytes(4, "big") for size in shape)
