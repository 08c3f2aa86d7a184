"""Tables as Markdown, in the form of 2016: tools side by side, definitions of the columns below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness import printable
from harness.tables.column import Column
from harness.tables.columns import BY_KEY, GROUPS, shown_in
from harness.tables.rows import Row
from harness.tables.sections import Line, Section, grouped
from harness.tables.side import Side
from harness.tables.views import TOOL

_INTERVAL = (
    "of 6 runs or more with the 95 % interval of their median in parentheses, of 5 with that of "
    "93.75 %."
)
_DETAILS = "`-`: not measured. Details: docs/definitions.md"


def to_markdown(rows: list[Row], side: Side = TOOL) -> str:
    """All sections as Markdown, with the definitions of the columns below."""
    parts = []
    made = grouped(rows, side)
    for section in made:
        caption = printable.markdown(section.caption)
        parts.append(f"**{caption}**\n" if caption else "")
        if section.lines:
            lines = [cells(line, section.columns) for line in section.lines]
            parts += [table(header(section.columns, side), lines), ""]
            lines = [phase_cells(line) for line in section.lines]
            parts += ["Where the time goes (s):\n", table(phase_header(side), lines), ""]
        parts += [f"- {printable.markdown(n, printable.LONGEST_LINE)}" for n in section.notes]
        parts.append("")
    if not parts:
        return side.empty if rows else TOOL.empty
    return "\n".join(parts) + "\n" + "\n".join(f"> {line}" for line in definitions(made, side))


def header(columns: Sequence[Column], side: Side = TOOL) -> tuple[str, ...]:
    """The heads of a side's short table with these columns behind the first two."""
    return tuple(column.head for column in (*side.heads, *columns))


def phase_header(side: Side = TOOL) -> tuple[str, ...]:
    """The heads of the table of where the time goes; its unit stands above it."""
    return tuple(column.title for column in (*side.heads, *shown_in("phases")))


def cells(line: Line, columns: Sequence[Column], *, with_runs: bool = True) -> tuple[str, ...]:
    """A line as it is printed, under :func:`header` of the same columns; Time (s), the first of
    them, with its interval. ``with_runs``: the name tells of how many runs they are the median."""
    runs = len(line.members) if with_runs else 1
    named = (
        line.name.label
        + (f" (median of {runs})" if runs > 1 else "")
        + (" (suspect)" if line.suspect else "")
    )
    time_s, *others = (column.text(line.values) for column in columns)
    bounds = interval_text(line)
    return (named, line.name.mode, f"{time_s} ({bounds})" if bounds else time_s, *others)


def interval_text(line: Line) -> str | None:
    """The interval of the median of Time (s), where there are runs enough for one."""
    if line.interval_s is None:
        return None
    time = BY_KEY["time_s"]
    low, high = (time.text({time.key: bound_s}) for bound_s in line.interval_s)
    return f"{low} to {high}"


def phase_cells(line: Line) -> tuple[str, ...]:
    """A line under :func:`phase_header`."""
    return (*line.name, *(column.text(line.values) for column in shown_in("phases")))


def definitions(made: Sequence[Section], side: Side = TOOL) -> tuple[str, ...]:
    """What the columns of one side's sections mean: a line for each group of them."""
    time, ratio, *others = {c.head: c for section in made for c in section.columns}.values()
    phases = shown_in("phases")
    keys = {group: {column.key for column in columns} for group, columns in GROUPS.items()}
    machine = keys["gpu"] | keys["cpu"]
    return (
        _defined(side.heads),
        f"{_defined([time]).rstrip('.')}; {_INTERVAL} {_defined([ratio])}",
        _defined((column for column in phases if column.key not in machine), titles=True),
        *(
            _defined(column for column in (*others, *phases) if column.key in keys[group])
            for group in ("gpu", "cpu")
        ),
        _defined(column for column in others if column.key not in machine),
        _DETAILS,
    )


def _defined(columns: Iterable[Column], *, titles: bool = False) -> str:
    return " ".join(
        f"{column.title if titles else column.head}: {column.definition}" for column in columns
    )


def table(header: Sequence[str], lines: list[tuple[str, ...]]) -> str:
    """A padded Markdown table of texts from anywhere; all columns but the first to the right."""
    lines = [tuple(map(printable.markdown, line)) for line in lines]
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]

    def joined(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([joined(header), "| " + " | ".join(rule) + " |", *map(joined, lines)])
