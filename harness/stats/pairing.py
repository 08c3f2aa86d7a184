"""Which samples of two sides met the same state of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.stats.describe import Sample

How = Literal["pairs", "drawn", "campaigns"]


@dataclass(frozen=True)
class Sides:
    """The samples that are compared, and how.

    ``pairs``: one of each side from every block, in the same order. ``drawn``: in random order,
    as their maker says. ``campaigns``: from campaigns of different times.
    """

    how: How
    a: list[Sample]
    b: list[Sample]
    left_out: int = 0

    def values(self, side: Literal["a", "b"]) -> list[float]:
        """Of one side."""
        return [sample.value for sample in (self.a if side == "a" else self.b)]


def pair(a: Sequence[Sample], b: Sequence[Sample]) -> Sides:
    """Pairs where the two have blocks in common; what has no partner is left out.

    Raises:
        ValueError: one side has no sample.
    """
    if not a or not b:
        raise ValueError("a comparison with nothing")
    if any(sample.block is None for sample in (*a, *b)):
        return Sides("drawn", list(a), list(b))
    # Of two starts in one block the first counts, whatever they took.
    blocks = [{sample.block: sample for sample in reversed(side)} for side in (a, b)]
    common = [
        sample.block
        for sample in a
        if blocks[0][sample.block] is sample and sample.block in blocks[1]
    ]
    if not common:
        return Sides("campaigns", list(a), list(b))
    left_out = len(a) + len(b) - 2 * len(common)
    first, second = ([side[block] for block in common] for side in blocks)
    return Sides("pairs", first, second, left_out)
