"""How a network is trained: batch, budget, and the learning rate of every update."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Categorical cross-entropy and SGD with classical momentum.

    The learning rate of update i (from 0) is ``learning_rate / (1 + decay * i)``: Keras' ``decay``.
    """

    batch_size: int
    epochs: int
    learning_rate: float
    momentum: float
    decay: float

    def rate(self, update: int) -> float:
        """The learning rate of update ``update``, counted from 0."""
        return self.learning_rate / (1.0 + self.decay * update)

    def updates(self, samples: int, epochs: int) -> int:
        """Number of parameter updates; the last, smaller batch of an epoch counts."""
        return epochs * -(-samples // self.batch_size)
