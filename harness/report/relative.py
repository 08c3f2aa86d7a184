"""The figures of the chart of a table: each line's beside the best of them.

Of columns in which a ratio says something the best is 1, and any other as many times worse, also
where higher is better. A score stays as it was measured: how good it is no ratio tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.packing import short
from harness.stats.describe import interval
from harness.tables.column import Column
from harness.tables.columns import shown_in
from harness.tables.score_columns import SCORE, of_rows
from harness.tables.sections import Line, Section
from harness.tables.side import Side
from harness.tables.views import DATASET

Figure = tuple[float, float | None, float | None, str]
"""The middle of a line's runs, the ends of its interval, which are None of too few runs, and the
middle as it was measured, in words."""


def figures(section: Section, side: Side) -> list[dict[str, Figure]]:
    """For each line its figures by the keys of the chart's columns; without those that it lacks.

    The interval is that of the line's own median, by order statistics as that of Time (s). Of the
    score it is a standard error to either side, in the unit that it is printed in. Of one dataset
    each workload has a best of its own.
    """
    made: list[dict[str, Figure]] = [{} for _ in section.lines]
    groups: dict[str, list[int]] = {}
    for number, line in enumerate(section.lines):
        groups.setdefault(line.name.mode if side is DATASET else "", []).append(number)
    for column in shown_in("chart"):
        printed = of_rows(row.values for row in section.rows) if column is SCORE else column
        for numbers in groups.values():
            lines = [section.lines[number] for number in numbers]
            if column is SCORE:
                found = [_scored(line, printed) for line in lines]
            elif _comparable(lines, column):
                found = _ratios([_measured(line, column) for line in lines], column)
            else:
                continue
            for number, figure in zip(numbers, found, strict=True):
                if figure is not None:
                    made[number][column.key] = figure
    return made


def _comparable(lines: Sequence[Line], column: Column) -> bool:
    """Whether all are told in the same, such as one currency."""
    if not column.beside:
        return True
    told = {row.values[column.beside] for line in lines for row in line.members}
    return len(told - {None}) < 2


def _measured(line: Line, column: Column) -> Figure | None:
    """The median of a line and its interval, in the column's own unit; only above 0."""
    values = [row.values[column.key] for row in line.members]
    known = [value for value in values if value is not None]
    if not known or min(known) <= 0:
        return None
    low, high = interval(known) or (None, None)
    folded = column.folded([row.values for row in line.members])
    unit = f" {column.unit}" if column.unit and not column.unit_in_cell else ""
    return folded[column.key], low, high, column.text(folded) + unit


def _scored(line: Line, column: Column) -> Figure | None:
    """The score as it is printed, and a standard error to either side."""
    folded = column.folded([row.values for row in line.members])
    value, error = folded[column.key], folded.get(column.beside)
    if value is None:
        return None
    ends = (None, None) if error is None else (value - error, value + error)
    low, high = (None if end is None else short(end / column.divisor) for end in ends)
    return short(value / column.divisor), low, high, column.text(folded)


def _ratios(found: Sequence[Figure | None], column: Column) -> list[Figure | None]:
    """How many times worse than the best each is: 1 is the best."""
    middles = [figure[0] for figure in found if figure is not None]
    if not middles:
        return list(found)
    if column.better == "higher":
        best = max(middles)
        return [figure and _below(best, figure) for figure in found]
    best = min(middles)
    return [figure and _above(best, figure) for figure in found]


def _above(best: float, figure: Figure) -> Figure:
    """Lower is better: what was measured over the best."""
    middle, low, high, words = figure
    return short(middle / best), _over(low, best), _over(high, best), words


def _below(best: float, figure: Figure) -> Figure:
    """Higher is better: the best over it, so that its highest end is the lowest ratio."""
    middle, low, high, words = figure
    return short(best / middle), _over(best, high), _over(best, low), words


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else float(short(above / below))
