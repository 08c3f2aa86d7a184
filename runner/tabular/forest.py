"""A random forest, with every convention in which the tools' defaults differ."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Forest:
    """Trees that know nothing of each other; a row's probability is the mean over them.

    Each is grown by Gini's impurity, to any depth, on as many rows as there are, drawn with
    replacement (L. Breiman, Random Forests, 2001); a tree says the share of class 1 in the leaf.
    Every split looks at ``columns_of`` columns, drawn anew. Columns are the codes and numbers of
    the file, each as an ordered number, and every value is tried.

    Attributes:
        least_in_leaf: training rows of a leaf, as often as they were drawn.
    """

    least_in_leaf: int = 5

    def columns_of(self, count: int) -> int:
        """How many of ``count`` columns a split looks at: the square root, rounded down."""
        return max(1, math.isqrt(count))
