"""How far an error rate may be off because only so many images were asked."""

from __future__ import annotations

import math


def of(error_rate: float, test_samples: int) -> float:
    """The standard error of a share, from 0 to 1, found on ``test_samples`` images drawn at random.

    Binomial, as half the width of Wilson's score interval of one standard error (E. B. Wilson,
    J. Am. Stat. Assoc. 22, 1927): sqrt(p (1 - p) / n) but for shares next to 0 or 1, where that
    would claim that no error at all is certain.
    """
    n = test_samples
    return math.sqrt(error_rate * (1 - error_rate) / n + 1 / (4 * n * n)) / (1 + 1 / n)
