"""What the phases of jobs say of a ranking: notes below a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from statistics import median

from harness.tables.kinds import Configuration
from harness.tables.rows import Row


def notes(found: dict[Configuration, list[Row]]) -> list[str]:
    """All that the phases say of a ranking."""
    return differences(found) + rank_flip(found) + compile_flip(found)


def differences(found: dict[Configuration, list[Row]]) -> list[str]:
    """A note for each property in which rows differ, since one is no winner over another then."""
    reads: dict[str, Callable[[Row], str | None]] = {
        "mode": lambda row: row.mode,
        "layout": lambda row: row.layout,
        "convolutions": lambda row: row.convolutions or "the tool's own",
    }
    notes = []
    for name, read in reads.items():
        having: dict[str, list[str]] = {}
        for configuration, rows in found.items():
            for value in sorted({value for value in map(read, rows) if value is not None}):
                having.setdefault(value, []).append(configuration.label)
        if len(having) > 1:
            words = "; ".join(f"{value}: {_listed(who)}" for value, who in sorted(having.items()))
            notes.append(
                f"rows differ in {name} ({words}): no row is named a winner over one that differs"
            )
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
            lines[configuration] = (total - (rows[0].epochs or 0) * steady, steady)
    if len(lines) < 2:
        return []
    per_epoch = min(lines, key=lambda configuration: lines[configuration][1])
    short = min(lines, key=lambda configuration: sum(lines[configuration]))
    if short == per_epoch:
        return []
    (fixed_a, steady_a), (fixed_b, steady_b) = lines[per_epoch], lines[short]
    last = math.floor((fixed_a - fixed_b) / (steady_b - steady_a)) if steady_b > steady_a else None
    until = f"up to epoch {last:,}" if last is not None else "for any number of epochs"
    return [
        f"ranks differ: lowest per steady epoch is {per_epoch} ({steady_a:.2f} s), "
        f"lowest in total is {short} {until}"
    ]


def compile_flip(found: dict[Configuration, list[Row]]) -> list[str]:
    """A note where the order by Time (s) is another once what was compiled ahead counts as well."""
    both = {}
    for configuration, rows in found.items():
        time_s = _middle(rows, lambda row: row.time_s)
        with_s = _middle(rows, lambda row: row.time_and_compile_s)
        if time_s is not None and with_s is not None:
            both[configuration] = (time_s, with_s)
    orders = [
        sorted(both, key=lambda configuration: both[configuration][number]) for number in (0, 1)
    ]
    if orders[0] == orders[1]:
        return []
    moved = [
        configuration
        for configuration, before in zip(orders[1], orders[0], strict=True)
        if configuration != before
    ]
    words = ", ".join(f"{configuration} {both[configuration][1]:.1f} s" for configuration in moved)
    return [
        "ranks change where compilation ahead of Time (s) counts as well (Time + compile): "
        f"{words}, in this order"
    ]


def _middle(rows: Iterable[Row], read: Callable[[Row], float | None]) -> float | None:
    known = [value for value in map(read, rows) if value is not None]
    return median(known) if known else None


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
