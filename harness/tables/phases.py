"""Where the time of a job goes, and what that says of a ranking: notes below a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from statistics import median
from typing import NamedTuple

from harness.tables.rows import Row

HEADER = ("Tool", "Mode", "Import", "Build", "Compile", "First epoch", "Steady epoch", "Total")


class Configuration(NamedTuple):
    """What one line of a table is about: its first two cells."""

    label: str
    mode: str

    def __str__(self) -> str:
        return f"{self.label}, {self.mode}"


def line(named: Configuration, rows: list[Row]) -> tuple[str, ...]:
    """The medians of a configuration's phases, under ``HEADER``."""
    reads: tuple[Callable[[Row], float | None], ...] = (
        lambda row: row.import_s,
        lambda row: row.build_s,
        lambda row: row.compile_s,
        lambda row: row.first_epoch_s,
        lambda row: row.steady_epoch_s,
        lambda row: row.total_s,
    )
    values = [_middle(rows, read) for read in reads]
    return (*named, *("-" if value is None else f"{value:.2f}" for value in values))


def differences(found: dict[Configuration, list[Row]]) -> list[str]:
    """A note for each property in which the rows of a table differ, so that none is a winner."""
    reads: dict[str, Callable[[Row], str | None]] = {
        "mode": lambda row: row.mode,
        "layout": lambda row: row.layout,
    }
    notes = []
    for name, read in reads.items():
        having: dict[str, list[str]] = {}
        for configuration, rows in found.items():
            for value in sorted({value for value in map(read, rows) if value is not None}):
                having.setdefault(value, []).append(configuration.label)
        if len(having) > 1:
            words = "; ".join(f"{value}: {_listed(who)}" for value, who in sorted(having.items()))
            notes.append(f"rows differ in {name} ({words}): no row is named a winner")
    return notes


def rank_flip(found: dict[Configuration, list[Row]]) -> list[str]:
    """A note where the tool with the lowest epoch is not the one with the lowest total.

    A job of n epochs takes about ``fixed + n * steady``, with ``fixed`` what its total has besides
    its steady epochs: import, build, compilation, warm-up and evaluation.
    """
    lines = {}
    for configuration, rows in found.items():
        steady, total = (
            _middle(rows, lambda r: r.steady_epoch_s),
            _middle(rows, lambda r: r.total_s),
        )
        if steady is not None and total is not None:
            lines[configuration] = (total - rows[0].epochs * steady, steady)
    if len(lines) < 2:
        return []
    per_epoch = min(lines, key=lambda one: lines[one][1])
    short = min(lines, key=lambda one: sum(lines[one]))
    if short == per_epoch:
        return []
    (fixed_a, steady_a), (fixed_b, steady_b) = lines[per_epoch], lines[short]
    last = math.floor((fixed_a - fixed_b) / (steady_b - steady_a)) if steady_b > steady_a else None
    until = f"up to epoch {last:,}" if last is not None else "for any number of epochs"
    return [
        f"ranks differ: lowest per steady epoch is {per_epoch} ({steady_a:.2f} s), "
        f"lowest in total is {short} {until}"
    ]


def _middle(rows: Iterable[Row], read: Callable[[Row], float | None]) -> float | None:
    known = [value for value in map(read, rows) if value is not None]
    return median(known) if known else None


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
