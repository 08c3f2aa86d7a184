"""Tables for a terminal: fitted to its width, statuses in colour, notes grouped below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness import printable
from harness.tables import fitted
from harness.tables.column import Column
from harness.tables.fitted import Head
from harness.tables.markdown import cells, definitions, phase_cells, phase_header
from harness.tables.rows import Row
from harness.tables.sections import Section, grouped
from harness.tables.side import Side
from harness.tables.views import TOOL, label, mode

if TYPE_CHECKING:  # a pipe needs no rich
    from rich.console import RenderableType

_MOST_RUNS = 4
_WHERE = "Columns are defined by -v, and in benchdl docs definitions."

Answer = Callable[[Section], list[str]]


def to_screen(
    rows: list[Row],
    width: int,
    side: Side = TOOL,
    *,
    answer: Answer = lambda _: [],
    quiet: bool = False,
    verbose: bool = False,
) -> Iterator[RenderableType]:
    """All sections, and what there is to say of them.

    Args:
        rows: the runs.
        width: of the terminal, in characters.
        side: what a line is.
        answer: the sentences that close a section.
        quiet: tables and answers alone.
        verbose: the definitions of the columns as well.
    """
    made = grouped(rows, side)
    if not made:
        yield sentence(side.empty if rows else TOOL.empty)
        return
    for section in made:
        yield from _section(section, width, side, quiet=quiet)
        for words in answer(section):
            yield ""
            yield sentence(words, "bold")
        yield ""
    if verbose:
        yield from (sentence(words, "dim") for words in definitions(made, side))
    elif not quiet:
        yield sentence(_WHERE, "dim")


def _section(section: Section, width: int, side: Side, *, quiet: bool) -> Iterator[RenderableType]:
    yield sentence(section.caption, "bold")
    if section.lines:
        yield ""
        yield from _spaced(fitted.tables(*_short(section, side), width, names=2))
        if not quiet:
            yield sentence("Where the time goes (s):")
            heads, lines = _phases(section, side)
            names = 1 + heads[1].left
            yield from _spaced(fitted.tables(heads, lines, width, names=names))
    if not quiet:
        yield from notes([*_doubts(section), *section.remarks])


def _short(section: Section, side: Side) -> tuple[list[Head], list[tuple[str, ...]]]:
    """Heads and lines of the short table; the number of runs is a column where any has several."""
    columns = _with_values(section)
    heads = [Head(column.head) for column in (*side.heads, *columns)]
    lines = [cells(line, columns, with_runs=False) for line in section.lines]
    if any(len(line.members) > 1 for line in section.lines):
        heads.insert(3, Head("Runs"))
        lines = [
            (*found[:3], str(len(line.members)), *found[3:])
            for found, line in zip(lines, section.lines, strict=True)
        ]
    return _first_two_left(heads), lines


def _phases(section: Section, side: Side) -> tuple[list[Head], list[tuple[str, ...]]]:
    """Heads and lines of where the time goes; without the second column where it tells nothing."""
    heads = _first_two_left([Head(title) for title in phase_header(side)])
    lines = [phase_cells(line) for line in section.lines]
    if len({line[1] for line in lines}) > 1:
        return heads, lines
    return [heads[0], *heads[2:]], [(line[0], *line[2:]) for line in lines]


def _with_values(section: Section) -> list[Column]:
    """The columns that any line has a value in: a CPU's table needs none of GPUs."""
    return [
        column
        for number, column in enumerate(section.columns)
        if number < 2 or any(line.values[column.key] is not None for line in section.lines)
    ]


def _first_two_left(heads: Sequence[Head]) -> list[Head]:
    name, second, *others = heads
    return [Head(name.title, left=True, wraps=True), Head(second.title, left=True), *others]


def _spaced(blocks: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for block in blocks:
        yield block
        yield ""


def _doubts(section: Section) -> list[str]:
    """Runs that are not ``ok``, one note for all that are so for the same reason."""
    groups: dict[tuple[str, str, bool], list[Row]] = {}
    shown = section.in_lines
    for row in section.rows:
        if row.status != "ok":
            why = row.failure or _codes(row)
            groups.setdefault((row.status, why, row.run_id in shown), []).append(row)
    told = []
    for (status, why, in_table), members in groups.items():
        shorts = [f"{_named(row)} {row.run_id.rpartition('-')[2]}" for row in members[:_MOST_RUNS]]
        more = len(members) - len(shorts)
        shorts += [f"and {more} more (benchdl runs --status {status})"] if more else []
        where = "" if in_table else ", not in the table"
        told.append(f"{status}{where} ({why}): {', '.join(shorts)}")
    return told


def _codes(row: Row) -> str:
    """The findings that made it what it is; what is only told of is in ``benchdl show``."""
    told = (finding.partition(": ") for finding in row.findings)
    return ", ".join(sorted({code for severity, _, code in told if severity != "info"}))


def _named(row: Row) -> str:
    return label(row.kind) + (f", {mode(row.kind)}" if row.mode == "tuned" else "")


def sentence(words: str, style: str = "") -> RenderableType:
    """Words from anywhere as a paragraph."""
    from rich.text import Text  # noqa: PLC0415

    return Text(printable.line(words, printable.LONGEST_LINE), style=style)


def notes(lines: Iterable[str]) -> Iterator[RenderableType]:
    """A list of sentences; one that begins with a status or a verdict has its colour there."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 1, 0, 0))
    for line in lines:
        text = Text(printable.line(line, printable.LONGEST_LINE))
        first = line.split(" ", 1)[0].rstrip(":,")
        if first in fitted.STYLES:
            text.stylize(fitted.STYLES[first], 0, len(first))
        grid.add_row("-", text)
    if grid.row_count:
        yield grid
