"""What a campaign's repeats cannot say, told before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from harness.stats import advice
from harness.stats.medians import FEWEST


def notes(comparisons: int, repeats: int) -> Iterator[str]:
    """Lines for the user; none where every comparison can have a verdict.

    Args:
        comparisons: of one question, corrected together.
        repeats: of each configuration.
    """
    found = advice.least_repeats(comparisons, repeats) if comparisons else None
    if found is None or repeats == 1:
        return
    lowest, needed, enough = found
    if repeats < FEWEST:
        yield f"note: {repeats} repeats give medians and no verdict; --repeat {enough} can give one"
        return
    yield (
        f"note: of {comparisons} comparisons at once with {repeats} repeats none can be called "
        f"faster or slower: Holm's correction needs p = {needed:.2g}, and the lowest possible p of "
        f"{repeats} pairs is {lowest:.2g}; --repeat {enough} can"
    )
