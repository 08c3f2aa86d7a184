"""What the phases of jobs say of a ranking: notes below a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from statistics import median

from harness.tables.kinds import Configuration
from harness.tables.rows import Row


def notes(found: dict[Configuration, list[Row]]) -> list[str]:
    """All that the phases say of a ranking."""
    return differences(found) + late_returns(found) + rank_flip(found) + compile_flip(found)


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


def late_returns(found: dict[Configuration, list[Row]]) -> list[str]:
    """A note where training calls return long after their last lap: no lap shows that part."""
    words = []
    for configuration, rows in found.items():
        late = [row for row in rows if "info: late-return" in row.findings]
        after_s = _middle(late, lambda row: row.after_last_lap_s)
        time_s = _middle(late, lambda row: row.time_s)
        if after_s is not None and time_s is not None:
            words.append(f"{after_s:.1f} of {time_s:.1f} s of {configuration}")
    if not words:
        return []
    return [f"Time (s) goes on after the last lap (late-return): {'; '.join(words)}"]


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
    order = _lowest_by_epochs(lines)
    if len(order) < 2:
        return []
    per_epoch = order[-1][0]
    lowest = ", ".join(
        f"{configuration} up to epoch {last:,}" for configuration, last in order[:-1]
    )
    return [
        f"ranks differ: lowest per steady epoch is {per_epoch} ({lines[per_epoch][1]:.2f} s), "
        f"lowest in total is {lowest}"
    ]


def _lowest_by_epochs(
    lines: dict[Configuration, tuple[float, float]],
) -> list[tuple[Configuration, int]]:
    """Who is lowest in total with few epochs, then with more, each with its last number of epochs.

    Args:
        lines: seconds that are fixed, and those of an epoch.
    """
    if not lines:
        return []
    now = min(lines, key=lambda configuration: (sum(lines[configuration]), lines[configuration][1]))
    order: list[tuple[Configuration, int]] = []
    while True:
        fixed_s, epoch_s = lines[now]
        overtaken = [
            (count, its_fixed_s + count * its_epoch_s, other)
            for other, (its_fixed_s, its_epoch_s) in lines.items()
            if its_epoch_s < epoch_s
            for count in [math.floor((its_fixed_s - fixed_s) / (epoch_s - its_epoch_s)) + 1]
        ]
        if not overtaken:
            return [*order, (now, 0)]
        count, _, following = min(overtaken, key=lambda candidate: candidate[:2])
        order.append((now, count - 1))
        now = following


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
