"""Steps of layers that normalise."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.networks.gradients.passing import Arrays, Passed, passed
from runner.networks.layers import BatchNorm


@passed.register
def _batch_norm(layer: BatchNorm, x: Any, arrays: Arrays, kept: Any) -> Passed:
    """By the statistics of the batch: S. Ioffe and C. Szegedy, 2015, algorithm 1."""
    del kept
    gamma, beta, moving_mean, moving_variance = arrays
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    slope = 1.0 / (variance + layer.epsilon) ** 0.5
    normal = (x - mean) * slope

    def back(error: Any) -> Tuple[Any, List[Any]]:
        by_gamma, by_beta = (error * normal).sum(axis=axes), error.sum(axis=axes)
        count = x.size // x.shape[-1]
        before = gamma * slope * (error - (by_beta + normal * by_gamma) / count)
        falls = [
            (1.0 - layer.momentum) * (moving - of_batch)
            for moving, of_batch in ((moving_mean, mean), (moving_variance, variance))
        ]
        return before, [by_gamma, by_beta, *falls]

    return Passed(gamma * normal + beta, back)
