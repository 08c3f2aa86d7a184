"""The log-loss of probabilities of two classes."""

from __future__ import annotations

from typing import Any

import numpy as np

_EPSILON = 2.0**-23  # of float32, in which probabilities are handed over


def of_two_classes(likely: Any, labels: Any) -> float:
    """The mean of -log of the probability that was given to the right class, in nats.

    Args:
        likely: probabilities of class 1, (n,).
        labels: 0 or 1, (n,).

    Raises:
        ValueError: a value is no probability, or the shapes differ.
    """
    likely, labels = np.asarray(likely, np.float64), np.asarray(labels)
    if likely.shape != labels.shape or likely.ndim != 1:
        raise ValueError(f"probabilities of shape {likely.shape} for labels of {labels.shape}")
    if not ((likely >= 0) & (likely <= 1)).all():
        raise ValueError("a probability is not from 0 to 1")
    right = np.where(labels == 1, likely, 1 - likely)
    return float(-np.log(np.clip(right, _EPSILON, 1.0)).mean())
