"""What counts as learned: the figures that a run which learns can reach after so much work."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

Steps = Tuple[Tuple[int, float], ...]
"""Amounts of work, rising, each with a figure."""


@dataclass(frozen=True)
class Learned:
    """What is believed of a score, and of what was proven beside it, by amount of work.

    Attributes:
        best: no score better than this is believed: it would mean that the test data was trained
            on.
        worst: the worst score believed from an amount of work on; before the first entry nothing
            is demanded.
        highest: of a proof by its name, the highest value believed at an amount of work: between
            two entries it follows a straight line of the logarithms; before the first nothing is
            demanded.
    """

    best: float
    worst: Steps
    highest: Mapping[str, Steps] = field(default_factory=dict)

    def worst_score(self, work: int) -> Optional[float]:
        """The worst score believed after so much work; None: any."""
        limit = None
        for least, score in self.worst:
            if work >= least:
                limit = score
        return limit

    def highest_proof(self, name: str, work: int) -> float:
        """The highest value believed of the proof ``name`` after so much work."""
        steps = self.highest.get(name, ())
        if not steps or work < steps[0][0]:
            return math.inf
        for (early, high), (late, low) in zip(steps, steps[1:]):
            if work <= late:
                way = math.log(work / early) / math.log(late / early)
                return high * math.pow(low / high, way)
        return steps[-1][1]
