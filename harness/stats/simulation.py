"""How often a verdict is wrong, and how often a difference is found: campaigns drawn from samples.

What is known of the true difference of two real configurations is only what was measured. Samples
of one configuration, dealt to two sides, have a true ratio of 1, or of any factor put on one side.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from harness.stats.samples import Sample
from harness.stats.verdicts import MARGIN, Verdict, compare


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
            any sample for any side, as in two campaigns that have no block in common.
        margin: of equivalence.
        seed: of the drawing.

    Raises:
        ValueError: fewer than ``2 * repeats`` values.
    """
    draw = random.Random(seed)  # noqa: S311 - a simulation
    if len(values) < 2 * repeats:
        raise ValueError(f"{repeats} repeats of two sides need {2 * repeats} samples")
    couples = list(zip(values[::2], values[1::2], strict=False))
    found: Counter[Verdict] = Counter()
    for _ in range(campaigns):
        if blocks:
            dealt = [draw.sample(couple, 2) for couple in draw.sample(couples, repeats)]
        else:
            taken = draw.sample(list(values), 2 * repeats)
            dealt = [list(two) for two in zip(taken[::2], taken[1::2], strict=True)]
        a, b = (
            [
                Sample(scale * two[side], ("simulated", number) if blocks else None)
                for number, two in enumerate(dealt)
            ]
            for side, scale in ((0, 1.0), (1, factor))
        )
        found[compare(a, b, margin).verdict] += 1
    return found
