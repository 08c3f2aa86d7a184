"""Logistic regression on words, each weighed by how rare it is, with every convention stated."""

from __future__ import annotations

from dataclasses import dataclass

from runner.tabular.logistic import LogisticRegression


@dataclass(frozen=True)
class TfidfRegression:
    """Counts of words, weighed, and a weight for each word of the training texts.

    A word that comes c times in a text, and in d of the n training texts, has the value
    c (ln((1 + n) / (1 + d)) + 1); the values of a text are divided by the root of the sum of their
    squares (G. Salton and C. Buckley, 1988; the smooth form of scikit-learn). Paddings, starts and
    unknown words do not count. ``regression`` states the rest; nothing is drawn.
    """

    regression: LogisticRegression
