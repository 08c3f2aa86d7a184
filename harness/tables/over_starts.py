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
        configuration: (_of_seeds(rows), len(rows))
        for configuration, rows in found.items()
        if {row.values["metric"] for row in rows} == {_OF_A_POLICY}
    }
    few = [str(configuration) for configuration, (of, _) in returns.items() if len(of) < FEWEST]
    told = [
        _over(str(configuration), of, starts)
        for configuration, (of, starts) in returns.items()
        if len(of) >= FEWEST
    ]
    if few:
        told.append(
            f"the ± of a mean return is over the episodes of one run; runs from other seeds differ "
            f"by more, and --repeat {FEWEST} gives an interval over them ({'; '.join(few)})"
        )
    return told


def _of_seeds(rows: Sequence[Row]) -> list[float]:
    """One score a seed, the median of its starts: from one seed again says nothing of others."""
    by_seed: dict[int, list[float]] = {}
    for row in rows:
        by_seed.setdefault(row.values["seed"], []).append(row.values["score"])
    return [median(scores) for scores in by_seed.values()]


def _over(name: str, scores: Sequence[float], starts: int) -> str:
    seeds = (
        "each from another seed"
        if starts == len(scores)
        else f"the median of each of {len(scores)} seeds"
    )
    between = interval(scores)
    low, high = between or (min(scores), max(scores))
    return (
        f"{name}: mean return {median(scores):.2f} over {starts} starts, {seeds}, "
        f"its median between {low:.2f} and {high:.2f}"
    )
