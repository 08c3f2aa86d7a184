"""How a network is trained: batch, budget, and how the weights follow their gradients."""

from __future__ import annotations

from dataclasses import dataclass

from runner.networks.optimizers import Optimizer


@dataclass(frozen=True)
class Recipe:
    """Categorical cross-entropy, the mean of a batch, and an optimizer."""

    batch_size: int
    epochs: int
    optimizer: Optimizer

    def updates(self, samples: int, epochs: int) -> int:
        """Number of parameter updates; the last, smaller batch of an epoch counts."""
        return epochs * -(-samples // self.batch_size)
