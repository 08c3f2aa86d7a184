"""A side from which runs are looked at: what shares a table, what a line is, what a ratio is to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.tables import builds
from harness.tables.column import Column, Value
from harness.tables.kinds import Configuration, Kind
from harness.tables.rows import Row

Times = dict[Configuration, float]
"""Configuration to the median of its Time (s)."""

RATIO = "ratio"
"""Key of the column that only a whole table tells: a line's time to another of the table."""


@dataclass(frozen=True)
class Side:
    """One way to lay runs out in tables.

    ``heads`` are the first two columns, ``ratio`` that of a line's time to another: ``base`` is
    that other time, or None for no ratio; where higher is better the ratio is how many times faster
    the line is, else how many times longer it took. ``keep`` are the lines worth a table: what
    compares needs two. ``together``: lines of one label follow one another, the quickest label
    first, and within a label in the order of ``within``, or of their times. ``more`` are columns
    behind those of every table; ``tell`` has the values of those that only the runs of a whole
    table give. Lines that ``held`` has one word for are held against each other: what tells builds
    apart is named alike in them, and is one of ``parts``. ``caption`` and ``line`` are remembered
    by kind.
    """

    name: str
    title: str
    heads: tuple[Column, Column]
    ratio: Column
    empty: str
    caption: Callable[[Kind], str]
    line: Callable[[Kind], Configuration]
    base: Callable[[Configuration, Times], float | None]
    keep: Callable[[Times], list[Configuration]]
    together: bool = False
    more: tuple[Column, ...] = ()
    within: Callable[[Configuration], int] = lambda _: 0
    tell: Callable[[Configuration, Mapping[Configuration, Sequence[Row]]], dict[str, Value]] = (
        lambda *_: {}
    )
    held: Callable[[Configuration], object] = lambda line: line
    parts: Mapping[str, Callable[[Row], str | None]] = field(default_factory=lambda: builds.APART)

    def __post_init__(self) -> None:
        for name in ("caption", "line"):
            object.__setattr__(self, name, functools.cache(getattr(self, name)))

    def order(self, times: Times) -> list[Configuration]:
        """The lines that are shown, in their order."""
        kept = sorted(self.keep(times), key=lambda line: times[line])
        if not self.together:
            return kept
        first = {line.label: times[line] for line in reversed(kept)}
        return sorted(kept, key=lambda line: (first[line.label], line.label, self.within(line)))

    def quotient(self, time_s: float, base_s: float) -> float:
        """The ratio of a line."""
        return base_s / time_s if self.ratio.better == "higher" else time_s / base_s
