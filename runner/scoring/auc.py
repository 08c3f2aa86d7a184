"""The area under the ROC curve, by ranks, with its standard error."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class Auc(NamedTuple):
    """``value`` from 0 to 1 (0.5: chance) and its standard error on samples like these."""

    value: float
    standard_error: float


def of_scores(scores: Any, labels: Any) -> Auc:
    """The chance that a sample of class 1 gets a higher score than one of class 0; ties count half.

    The Mann-Whitney statistic by midranks; its standard error is DeLong's (E. R. DeLong et al.,
    Biometrics 44, 1988), in the form of X. Sun and W. Xu (IEEE Signal Processing Letters 21, 2014).

    Args:
        scores: finite numbers (n,).
        labels: 0 or 1, (n,).

    Raises:
        ValueError: a score is not finite, the shapes differ, or a class has no sample.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    if scores.shape != labels.shape or scores.ndim != 1:
        raise ValueError(f"scores of shape {scores.shape} for labels of shape {labels.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not a finite number")
    positive, negative = scores[labels == 1], scores[labels == 0]
    if not len(positive) or not len(negative):
        raise ValueError("one of the two classes has no sample")
    ranks = _midranks(np.concatenate([positive, negative]))
    count, others = len(positive), len(negative)
    above = (ranks[:count] - _midranks(positive)) / others
    below = 1 - (ranks[count:] - _midranks(negative)) / count
    variance = _variance(above) / count + _variance(below) / others
    return Auc(float(above.mean()), math.sqrt(variance))


def _midranks(values: Any) -> Any:
    """Ranks from 1; of equal values the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place.reshape(-1)]


def _variance(values: Any) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
