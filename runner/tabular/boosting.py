"""Boosted decision trees, with every convention in which the tools' defaults differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Boosting:
    """Trees one after the other, each on the gradient of the log-loss of those before it.

    A tree grows best first: the leaf whose split gains most is split next, until there are
    ``leaves``, to any depth. Every round takes all rows and all columns, nothing is drawn, and no
    round is left out for a validation set. The first guess is the log-odds of class 1 in the
    training rows. A leaf's value is ``learning_rate`` times -G / (H + l2), of the sums of its rows'
    first and second derivatives (T. Chen and C. Guestrin, XGBoost, KDD 2016, equation 5).

    Columns are the codes and numbers of the file, each as an ordered number: a split is "at most
    so much", of levels too. They are cut into at most ``bins`` bins before training, by quantiles
    of the training rows.

    Attributes:
        learning_rate: shrinks every leaf.
        leaves: the most that a tree has.
        least_in_leaf: training rows of a leaf.
        l2: penalty of a leaf's value.
        bins: the most of a column.
    """

    learning_rate: float = 0.1
    leaves: int = 512
    least_in_leaf: int = 20
    l2: float = 1.0
    bins: int = 255
