"""Scores that differ by the seed far more than within a run: their interval over starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from harness.stats.medians import FEWEST, interval
from harness.tables.kinds import Configuration
from harness.tables.rows import Row

_OF_A_POLICY = "mean_return"


def notes(found: Mapping[Configuration, Sequence[Row]]) -> list[str]:
    """What the mean return of a policy is over starts, each from a seed of its own."""
    returns = {
        configuration: [row.values["score"] for row in rows]
        for configuration, rows in found.items()
        if {row.values["metric"] for row in rows} == {_OF_A_POLICY}
    }
    few = [str(configuration) for configuration, scores in returns.items() if len(scores) < FEWEST]
    told = [
        _over(str(configuration), scores)
        for configuration, scores in returns.items()
        if len(scores) >= FEWEST
    ]
    if few:
        told.append(
            f"the ± of a mean return is over the episodes of one run; runs from other seeds differ "
            f"by more, and --repeat {FEWEST} gives an interval over them ({'; '.join(few)})"
        )
    return told


def _over(name: str, scores: Sequence[float]) -> str:
    between = interval(scores)
    low, high = between or (min(scores), max(scores))
    return (
        f"{name}: mean return {median(scores):.2f} over {len(scores)} starts, each from another "
        f"seed, its median between {low:.2f} and {high:.2f}"
    )
