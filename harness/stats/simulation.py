"""How often a verdict is wrong, or finds a difference: thousands of campaigns at once.

What is known of the true difference of two real configurations is only what was measured. Samples
of one configuration, dealt to two sides, have a true ratio of 1, or of any factor put on one side.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.stats import medians, rule
from harness.stats.describe import Sample
from harness.stats.rule import Verdict
from harness.stats.verdicts import MARGIN

if TYPE_CHECKING:
    import numpy as np


def verdicts(
    values: Sequence[float],
    repeats: int,
    *,
    campaigns: int,
    factor: float = 1.0,
    blocks: bool = False,
    margin: float = MARGIN,
    seed: int = 1,
) -> Counter[Verdict]:
    """The verdicts on B against A of simulated campaigns.

    Args:
        values: samples of one configuration in the order of running; each campaign takes
            ``2 * repeats`` of them, each once.
        repeats: samples of each side.
        campaigns: how many to simulate.
        factor: the true ratio of B to A.
        blocks: take neighbours in time as a block, in random order, as a campaign runs them; else
            any sample for any side, in random order.
        margin: of equivalence.
        seed: of the drawing.

    Raises:
        ValueError: fewer than ``2 * repeats`` values.
    """
    import numpy as np

    if len(values) < 2 * repeats:
        raise ValueError(f"{repeats} repeats of two sides need {2 * repeats} samples")
    draw, known = np.random.default_rng(seed), np.asarray(values, float)
    if blocks:
        couples = known[: len(known) // 2 * 2].reshape(-1, 2)
        numbers = draw.permuted(np.tile(np.arange(len(couples)), (campaigns, 1)), axis=1)
        dealt = draw.permuted(couples[numbers[:, :repeats]], axis=2)
    else:
        shuffled = draw.permuted(np.tile(known, (campaigns, 1)), axis=1)
        dealt = shuffled[:, : 2 * repeats].reshape(campaigns, repeats, 2)
    return counted(dealt[:, :, 0], factor * dealt[:, :, 1], margin, paired=blocks)


def interleaved(
    times: np.ndarray, factor: float = 1.0, margin: float = MARGIN, seed: int = 1
) -> Counter[Verdict]:
    """The verdicts where both sides ran in shuffled blocks.

    Args:
        times: of one configuration: campaigns by starts in the order of running, an even number.
            What they have in common with their neighbours, by drift or otherwise, stays.
        factor: the true ratio of B to A.
        margin: of equivalence.
        seed: of the order within the blocks.
    """
    import numpy as np

    dealt = np.random.default_rng(seed).permuted(times.reshape(len(times), -1, 2), axis=2)
    return counted(dealt[:, :, 0], factor * dealt[:, :, 1], margin, paired=True)


def counted(a: np.ndarray, b: np.ndarray, margin: float, *, paired: bool) -> Counter[Verdict]:
    """The verdicts on each row of b against that of a."""
    found = rule.evidence(a, b, margin, paired=paired)
    return Counter(rule.verdicts(found, margin).tolist())


SERIES = ("level", "drift", "autocorrelation", "walk")
"""How times of the very same may change while campaigns run, besides the scatter of single runs."""


def series(kind: str, rows: int, starts: int, *, per_campaign: int, seed: int = 1) -> np.ndarray:
    """Times of one configuration, ``rows`` times ``starts`` one after another.

    Single runs scatter by 3.5 %. Besides, by ``kind``: every ``per_campaign`` starts have a level
    of their own, 2 % apart; times rise by 2 % over that many; neighbours are alike (a first order
    autoregression of 0.9, of 3.5 %); or a random walk moves by 2 % over that many.

    Raises:
        ValueError: an unknown kind.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    logs = draw.normal(0, 0.035, (rows, starts))
    if kind == "level":
        levels = draw.normal(0, 0.02, (rows, -(-starts // per_campaign)))
        logs += np.repeat(levels, per_campaign, axis=1)[:, :starts]
    elif kind == "drift":
        logs += 0.02 / per_campaign * np.arange(starts)
    elif kind == "autocorrelation":
        state = draw.normal(0, 0.035, rows)
        for start in range(starts):
            state = 0.9 * state + math.sqrt(1 - 0.9**2) * draw.normal(0, 0.035, rows)
            logs[:, start] += state
    elif kind == "walk":
        logs += np.cumsum(draw.normal(0, 0.02 / math.sqrt(per_campaign), (rows, starts)), axis=1)
    else:
        raise ValueError(f"no kind of series: {kind}")
    return np.exp(logs)


def consecutive(
    times: Sequence[float], repeats: int, first: int, factor: float = 1.0
) -> tuple[list[Sample], list[Sample], list[Sample]]:
    """Two campaigns of a series, one after the other, and the further ones of the same series.

    Args:
        times: in the order of running.
        repeats: starts a campaign.
        first: index of A's first start; B's follow A's.
        factor: the true ratio of B to A.

    Returns:
        A, B, and the samples of all campaigns before A and after B.
    """
    begins = [*range(first % repeats, len(times) - repeats + 1, repeats)]

    def campaign(begin: int, scale: float = 1.0) -> list[Sample]:
        return [
            Sample(scale * times[begin + n], (f"from {begin}", n), at=3600.0 * (begin + n))
            for n in range(repeats)
        ]

    others = [begin for begin in begins if begin not in (first, first + repeats)]
    return (
        campaign(first),
        campaign(first + repeats, factor),
        [sample for begin in others for sample in campaign(begin)],
    )


def covered(a: np.ndarray, b: np.ndarray, medians_of: tuple[float, float]) -> tuple[float, float]:
    """How often the intervals hold the true median of a, and the true ratio of b to a.

    Args:
        a, b: samples, a campaign a row.
        medians_of: the true medians.
    """
    low, _, high = medians.of_rows(a)
    first, second = medians_of
    ends = medians.ratio_of_rows(a, b)
    ratio = second / first
    return (
        float(((low <= first) & (first <= high)).mean()),
        float(((ends[0] <= ratio) & (ratio <= ends[2])).mean()),
    )


SHAPES = ("normal", "skewed", "long tail", "two kinds, 30 %", "two kinds, 45 %")
"""Distributions of the table of coverage."""


def shaped(name: str, rows: int, n: int, *, seed: int = 1) -> tuple[np.ndarray, float]:
    """``rows`` campaigns of ``n`` times of a shape around 1, and the shape's true median.

    Raises:
        ValueError: an unknown shape.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    if name == "normal":
        return 1 + draw.normal(0, 0.035, (rows, n)), 1.0
    if name == "skewed":
        return np.exp(draw.normal(0, 0.4, (rows, n))), 1.0
    if name == "long tail":  # Pareto's second kind, of which the fourth moment does not exist
        return 1 + draw.pareto(3, (rows, n)), 2 ** (1 / 3)
    if name.startswith("two kinds"):
        share = 0.3 if "30" in name else 0.45
        slow = draw.random((rows, n)) < share
        # Uniform, so that the true median is known: that of the quicker kind's upper part.
        quick = draw.uniform(0.97, 1.03, (rows, n))
        return np.where(slow, 1.6 * quick, quick), 0.97 + 0.06 * 0.5 / (1 - share)
    raise ValueError(f"no shape: {name}")
