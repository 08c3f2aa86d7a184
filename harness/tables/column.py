"""What a column is: everything that anything which prints it has to know."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from runner.contract.measurement import Measurement
from runner.contract.result import Result

Value = Any
"""A number, a text, a list of texts, or None: not measured, or not there."""

Values = Mapping[str, Value]
"""Values by the keys of their columns."""

Place = Literal["table", "phases", "chart", "runs", "detail", "about"]
"""Where a column is shown: in the short table, in the table of where the time goes, as a choice of
the bar chart of a table, in the report's list of runs, with one run as a figure (``benchdl show``,
the report's drawer), and there as a fact about the run. JSON and CSV have all."""

Better = Literal["lower", "higher"]

NOT_MEASURED = "-"

_NOTHING = 1e-6
"""What is less is what subtracting leaves, and is printed as 0."""


@dataclass(frozen=True)
class Column:
    """One column, wherever it is shown.

    Args:
        key: its name in JSON and CSV, which never changes; it ends with the unit of the value.
        title: its head in tables, without the unit.
        definition: one sentence, below tables, in tooltips and in docs/definitions.md.
        more: what only docs/definitions.md adds.
        read: the value of one result; None for what only a whole table tells, such as a ratio.
        unit: of the number as it is printed.
        unit_in_cell: the unit stands behind each number, not in the head.
        digits: after the point; None: a text, printed as it is.
        divisor: what is printed is the value divided by it, such as 2**30 for bytes in GiB.
        grouped: 12,345 and not 12345.
        better: which way; None where neither is.
        only: what a row has to be for the column to say anything, such as ``{"device": "gpu"}``.
        shown: where, and the rank there: the lowest first, and of equal ranks as declared.
        beside: key of the column whose value stands in the same cell, behind ``joint``.
        fold: how the known values of several runs are one; the median if nothing else is said.
        whole: of several runs it is known only if it is known of each.
        compared: its name as a figure of ``benchdl compare``; only of times, where lower is faster.
    """

    key: str
    title: str
    definition: str
    more: str = ""
    read: Callable[[Result], Value] | None = None
    unit: str = ""
    unit_in_cell: bool = False
    digits: int | None = None
    divisor: float = 1
    grouped: bool = False
    better: Better | None = None
    only: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[Place, int] = field(default_factory=dict)
    beside: str = ""
    joint: str = ""
    fold: Callable[[Sequence[Any]], Any] = median
    whole: bool = False
    compared: str = ""

    @property
    def head(self) -> str:
        """The title with the unit: ``Time (s)``."""
        return f"{self.title} ({self.unit})" if self.unit and not self.unit_in_cell else self.title

    @property
    def brought(self) -> bool:
        """Whether no result tells it, but whoever reads it may bring it."""
        return self.read is beside

    def applies(self, values: Values) -> bool:
        """Whether a row of these values can have it."""
        return all(values[key] == wanted for key, wanted in self.only.items())

    def folded(self, rows: Sequence[Values]) -> dict[str, Value]:
        """What several runs come to, by key: of this column and of the one beside it."""
        keys = [self.key, self.beside] if self.beside else [self.key]
        known = {key: [row[key] for row in rows if row[key] is not None] for key in keys}
        least = len(rows) if self.whole else 1
        return {
            key: self.fold(found) if len(found) >= least else None for key, found in known.items()
        }

    def text(self, values: Values) -> str:
        """The cell as it is printed, with its unit where that is no part of the head."""
        value = values[self.key]
        if value is None:
            return NOT_MEASURED
        words = self._number(value)
        if self.beside and values[self.beside] is not None:
            words += self.joint + self._number(values[self.beside])
        return f"{words} {self.unit}" if self.unit and self.unit_in_cell else words

    def _number(self, value: Value) -> str:
        if self.digits is None or isinstance(value, str):
            return ", ".join(value) if isinstance(value, list) else str(value)
        number = value / self.divisor
        number = number if abs(number) >= _NOTHING else 0.0
        return format(number, f"{',' if self.grouped else ''}.{self._enough(number)}f")

    def _enough(self, number: float) -> int:
        """Digits after the point: as many more as show that what was measured is not 0."""
        digits = self.digits or 0
        if not number or float(format(number, f".{digits}f")):
            return digits
        return -math.floor(math.log10(abs(number)))


def measured(read: Callable[[Measurement], Value]) -> Callable[[Result], Value]:
    """A value of the measurement; None where there is none."""
    return lambda result: None if result.measurement is None else read(result.measurement)


def beside(_: Result) -> Value:
    """Of columns that no result tells: what is known besides puts a value there."""
    return None


def last(values: Sequence[Any]) -> Any:
    """The value of the newest run: of what all runs of a line are alike in."""
    return values[-1]
