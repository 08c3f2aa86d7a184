"""Are the times of two kinds? Then a median lies between them, or jumps from one to the other."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST_SHARE = 0.2
"""Fewer in the smaller group are a tail: :mod:`harness.stats.tails`."""

_EQUAL = 1e-9
_FALSE = 0.01
_DRAWN = 4000
_SEED = 20070916


@dataclass(frozen=True)
class Kinds:
    """Two groups of samples, the lower first: how many, and around which value."""

    counts: tuple[int, int]
    middles: tuple[float, float]


def kinds(values: Sequence[float]) -> Kinds | None:
    """The two kinds that positive values fall into; ``None`` if one kind explains them.

    The best cut of the sorted logarithms explains a share of their variance. Two kinds are found
    where that is more than the same cut explains in 99 % of samples from a uniform distribution,
    of all with one peak the one that is most easily taken for two (as in Hartigan's dip test,
    Annals of Statistics 13, 1985, 70-84).
    """
    import numpy as np

    n = len(values)
    if n < 2 * _smaller(n):
        return None
    ordered = sorted(values)
    if ordered[-1] - ordered[0] <= _EQUAL * ordered[0]:
        return None
    share, cut = _best(np.log(np.asarray([ordered])))
    if share[0] <= _threshold(n):
        return None
    parts = ordered[: cut[0]], ordered[cut[0] :]
    return Kinds((len(parts[0]), len(parts[1])), (median(parts[0]), median(parts[1])))


def _smaller(n: int) -> int:
    return max(2, math.ceil(LEAST_SHARE * n))


def _best(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of each row's variance between its two groups, and the size of the lower one."""
    import numpy as np

    n = ordered.shape[1]
    centred = ordered - ordered.mean(axis=1, keepdims=True)
    total = (centred**2).sum(axis=1)
    lower = np.cumsum(centred, axis=1)[:, :-1]  # of the groups' sums; the upper's is its negative
    sizes = np.arange(1, n)
    between = lower**2 * (1 / sizes + 1 / (n - sizes))
    least = _smaller(n)
    between = between[:, least - 1 : n - least]
    best = between.argmax(axis=1)
    share = between[np.arange(len(between)), best] / np.where(total > 0, total, 1.0)
    return share, best + least


@functools.lru_cache(maxsize=256)
def _threshold(n: int) -> float:
    import numpy as np

    drawn = np.sort(np.random.default_rng(_SEED).random((_DRAWN, n)), axis=1)
    return float(np.quantile(_best(drawn)[0], 1 - _FALSE))
