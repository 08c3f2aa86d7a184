"""Tables that fit a terminal: no line is longer than it, and none breaks inside a word.

Columns that do not fit stand in a further block below, which names the lines again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness import printable

if TYPE_CHECKING:  # a pipe needs no rich
    from rich.table import Table

STYLES = {
    "ok": "green", "faster": "bold green", "same": "cyan",
    "suspect": "yellow", "ambiguous": "yellow", "withheld": "yellow", "interrupted": "yellow",
    "invalid": "red", "failed": "red", "slower": "bold red",
}  # fmt: skip
"""Statuses and verdicts, whose words always stand beside the colour."""

_GAP = 2
_LEAST_WIDTH = 20
_MOST_OF_FIRST = 2 / 5  # of the terminal


@dataclass(frozen=True)
class Head:
    """The head of a column: ``left`` is how its cells stand, ``wraps`` whether they may wrap."""

    title: str
    left: bool = False
    wraps: bool = False


def tables(
    heads: Sequence[Head],
    lines: Sequence[Sequence[str]],
    width: int,
    *,
    blocks: int | None = None,
    names: int = 1,
) -> list[Table]:
    """The table as blocks for a terminal of ``width`` columns, the first ``blocks`` or all.

    Args:
        heads: of the columns.
        lines: texts from anywhere, one a column; a word of ``STYLES`` has its colour.
        width: of the terminal, in characters.
        blocks: how many at most; None is all.
        names: how many of the first columns name a line, and so are in every block; where there is
            no room for them, the first alone.
    """
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    safe = [[printable.line(cell, printable.LONGEST_CELL) for cell in line] for line in lines]
    widths = [_width(head, [line[i] for line in safe]) for i, head in enumerate(heads)]
    if heads:
        longest = _longest_word([heads[0].title, *(line[0] for line in safe)])
        widths[0] = max(longest, min(widths[0], int(width * _MOST_OF_FIRST)))
    made = []
    for columns in _blocks(widths, max(width, _LEAST_WIDTH), names)[:blocks]:
        block = {i: widths[i] for i in columns}
        slack = width - sum(block.values()) - _GAP * (len(columns) - 1)
        for i in columns:
            texts = [heads[i].title, *(line[i] for line in safe)]
            more = max(0, min(slack, max(map(len, texts)) - block[i]))
            block[i], slack = block[i] + more, slack - more
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False,
                      header_style="bold")  # fmt: skip
        for i in columns:
            left = i == 0 or heads[i].left
            justify: Literal["left", "right"] = "left" if left else "right"
            fits = min(block[i], width)
            table.add_column(heads[i].title, justify=justify, width=fits, overflow="fold")
        for line in safe:
            table.add_row(*(Text(line[i], style=style(line[i])) for i in columns))
        made.append(table)
    return made


def style(cell: str) -> str:
    """The colour of a status or verdict, alone or in parentheses behind a name."""
    last = cell.rpartition(" ")[2]
    return STYLES.get(last[1:-1] if last.startswith("(") else cell, "")


def _width(head: Head, cells: Sequence[str]) -> int:
    """As wide as the longest cell, or word where cells may wrap, and the head's longest word."""
    longest = _longest_word(cells) if head.wraps else max(map(len, cells), default=0)
    return max(1, longest, _longest_word([head.title]))


def _longest_word(texts: Sequence[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=1)


def _blocks(widths: Sequence[int], width: int, names: int) -> list[list[int]]:
    """Which columns stand side by side; a block that only one column fits beside has that."""
    named = sum(widths[:names]) + _GAP * (names - 1)
    if named + _GAP + max(widths[names:], default=0) > width:
        names, named = 1, widths[0]
    blocks: list[list[int]] = [list(range(names))]
    used = named
    for i, wanted in enumerate(widths[names:], names):
        if used + _GAP + wanted > width and len(blocks[-1]) > names:
            blocks.append(list(range(names)))
            used = named
        blocks[-1].append(i)
        used += _GAP + wanted
    return blocks
