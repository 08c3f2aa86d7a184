"""A workload: what is trained on which data, and what counts as learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Mapping, Tuple

from runner.networks.network import Network
from runner.networks.recipe import Recipe


@dataclass(frozen=True)
class Learned:
    """The error rates that a run which learns can reach, by number of updates.

    ``ceilings`` maps a number of updates to the highest error rate believed from there on; before
    the first entry nothing is demanded. ``floor`` is the lowest rate
    believed at all: less would mean that the test images were trained on. ``losses`` maps a number
    of updates to the highest loss on the training images believed then: between two entries it
    follows a straight line of the logarithms; before the first nothing is demanded.
    """

    floor: float
    ceilings: Tuple[Tuple[int, float], ...]
    losses: Tuple[Tuple[int, float], ...] = ()

    def ceiling(self, updates: int) -> float:
        """Highest believable error rate (a share, 0 to 1) after ``updates`` updates."""
        limit = 1.0
        for least, rate in self.ceilings:
            if updates >= least:
                limit = rate
        return limit

    def highest_loss(self, updates: int) -> float:
        """Highest believable loss (nats) on the training images after ``updates`` updates."""
        if not self.losses or updates < self.losses[0][0]:
            return math.inf
        for (early, high), (late, low) in zip(self.losses, self.losses[1:]):
            if updates <= late:
                way = math.log(updates / early) / math.log(late / early)
                return high * math.pow(low / high, way)
        return self.losses[-1][1]


@dataclass(frozen=True)
class Workload:
    """A network, a recipe and the datasets it may be trained on, with what learning means there."""

    name: str
    title: str
    classes: int
    network: Network
    recipe: Recipe
    learned: Mapping[str, Learned]
