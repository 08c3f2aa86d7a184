"""Layers that bring values to a mean of 0 and a variance of 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.layer import Layer, Shape, Weight


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation of the last axis (S. Ioffe and C. Szegedy, 2015).

    While training, mean and biased variance are those of the batch, over all axes but the last; the
    statistics, by which the network is used, move towards them: ``statistic = momentum * statistic
    + (1 - momentum) * batch``. Tools do not agree whether the variance that moves is the biased
    one; of a batch of n values the other is n / (n - 1) times as large.
    """

    momentum: float = 0.9
    epsilon: float = 1e-3

    def after(self, inputs: Shape) -> Shape:
        return inputs

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        channels = inputs[-1:]
        return (
            Weight("gamma", channels, "ones"),
            Weight("beta", channels, "zeros"),
            Weight("moving_mean", channels, "zeros", trained=False),
            Weight("moving_variance", channels, "ones", trained=False),
        )

    def forward(self, x: Any, *arrays: Any) -> Any:
        gamma, beta, mean, variance = arrays
        scale = gamma / (variance + self.epsilon) ** 0.5
        return x * scale + (beta - mean * scale)
