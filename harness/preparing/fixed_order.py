"""An order that looks drawn, and is the same everywhere."""

from __future__ import annotations

from typing import Any


def of(count: int, stream: int) -> Any:
    """A permutation of the numbers below ``count``, int64: of a stream of our own generator."""
    import numpy as np  # noqa: PLC0415 - few commands need it

    from harness.generators.bitstream import words  # noqa: PLC0415 - NumPy

    return np.argsort(words(stream, np.arange(count, dtype=np.uint64)), kind="stable")
