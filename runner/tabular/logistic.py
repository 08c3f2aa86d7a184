"""Logistic regression, with every convention in which the tools' defaults differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogisticRegression:
    """The weights and the constant with the least loss: there is one best fit, without chance.

    The loss is the sum of the rows' log-losses, plus ``l2`` / 2 times the sum of the weights'
    squares; the constant is not penalised. The fit ends where no derivative of the mean loss is
    larger than ``tolerance``. Inputs are those of a network: levels one-hot, numbers scaled as the
    table states.

    Attributes:
        l2: strength of the penalty.
        tolerance: of the largest derivative.
        most_steps: of the solver; more is a failure to converge.
    """

    l2: float = 1.0
    tolerance: float = 1e-4
    most_steps: int = 1000
