"""The column of the score: its title, unit and direction are those of the workload's metric."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness import scores
from harness.tables.column import Better, Column, Values
from harness.tables.columns import BY_KEY

SCORE = BY_KEY["score"]

_OWN = {"error_rate": BY_KEY["error_rate_percent"]}
"""Metrics that have a column of their own, under a key of the first version."""

_LONGEST_ABBREVIATION = 3  # AUC, MSE, R2


def settled(columns: Sequence[Column], rows: Iterable[Values]) -> tuple[Column, ...]:
    """The columns with that of the score as these rows have it.

    Rows of one metric name it; of several, or of none, the column is the general one.
    """
    column = of_rows(rows)
    return tuple(column if known is SCORE else known for known in columns)


def of_rows(rows: Iterable[Values]) -> Column:
    """The score's column for these rows."""
    found = {
        (row["metric"], row["score_unit"], row["score_better"])
        for row in rows
        if row["metric"] is not None
    }
    return _of_metric(*found.pop()) if len(found) == 1 else SCORE


@functools.cache
def _of_metric(metric: str, unit: str, better: Better) -> Column:
    if metric in _OWN:
        return _OWN[metric]
    name = scores.title(metric)
    title = name.upper() if len(name) <= _LONGEST_ABBREVIATION else name[0].upper() + name[1:]
    if unit == "share":
        return replace(SCORE, title=title, unit="%", divisor=0.01, digits=2, better=better)
    return replace(SCORE, title=title, unit=unit, better=better)
