"""The first bytes of a file in Y. LeCun's IDX format ("File formats of the MNIST database")."""

from __future__ import annotations

from typing import Tuple

BYTES, SHORTS = 0x08, 0x0B
"""Type codes of unsigned bytes and of signed 16-bit integers, which are big-endian."""


def of_bytes(shape: Tuple[int, ...]) -> bytes:
    """Of a file of unsigned bytes of this shape."""
    return _header(BYTES, shape)


def of_shorts(shape: Tuple[int, ...]) -> bytes:
    """Of a file of signed 16-bit integers of this shape."""
    return _header(SHORTS, shape)


def _header(kind: int, shape: Tuple[int, ...]) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return bytes((0, 0, kind, len(shape))) + sizes
