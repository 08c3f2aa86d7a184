"""What the trainers of this family have in common: the test rows' probabilities, handed over."""

from __future__ import annotations

from typing import Any, List

from runner.backends.tabular import openmp


class HandsOverProbabilities:
    """A trainer's beginning and its end.

    Attributes:
        likely: of class 1 for each test row, (m,), once ``evaluate`` has found them.
        threads_before: of the process, before the tool had anything to compute.
    """

    def __init__(self) -> None:
        self.likely: Any = None
        self.threads_before = openmp.alive()

    def handover(self) -> List[Any]:
        """Nothing before training; after it the probabilities."""
        return [] if self.likely is None else [self.likely]
