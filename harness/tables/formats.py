"""Tables in the seed's form: tools side by side, on one machine, from rows that may be compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from harness import printable
from harness.stats.describe import interval
from harness.tables import builds, phases
from harness.tables.phases import Configuration
from harness.tables.rows import Row
from harness.tables.sampled import usable
from harness.tables.views import TOOL, Side, label

FIGURES = (
    "GPU (%)",
    "GPUs",
    "CPUs",
    "CPU1 (%)",
    "Error rate",
)


def header(side: Side = TOOL) -> tuple[str, ...]:
    """The columns of a side's tables."""
    return (*side.heads, "Time (s)", side.ratio, *FIGURES)


HEADER = header()

DEFINITIONS = (
    "Time (s): wall clock of the training call, data in memory, compilation ahead left out; of 6 "
    "runs or more with the 95 % interval of their median, of 5 with that of 93.75 %.",
    "Mode: as-written, with the tool's defaults; tuned, the best of its documented settings.",
    "GPU (%): mean NVML utilisation of the GPUs used, zeros kept. GPUs: used/visible.",
    "CPUs: median number of cores at least 10 % busy. CPU1 (%): mean of the busiest core. "
    "Both of the whole machine, while training.",
    "Error rate: of the 10,000 test images, ± its standard error: others would give another. "
    "`-`: not measured. Details: docs/definitions.md",
)


@dataclass(frozen=True)
class Section:
    """Rows that may stand side by side, and what they have in common.

    ``members`` are the runs behind each of ``lines``: its figures are their medians. ``names`` are
    the first two cells without what the runs add to them, ``beside`` the suspect runs that are left
    out since there are better ones, and ``rows`` all rows of the section, whatever came of them.
    """

    caption: str
    lines: list[tuple[str, ...]]
    phases: list[tuple[str, ...]]
    notes: list[str]
    names: list[Configuration]
    members: list[list[Row]]
    beside: list[list[Row]]
    rows: list[Row]


def to_json(rows: Iterable[Row]) -> str:
    """A list of objects, one a run."""
    return json.dumps([row.model_dump() for row in rows], indent=1)


def to_csv(rows: Iterable[Row]) -> str:
    """One line a run, a header on top; findings are separated by semicolons.

    No text is a formula: see :func:`harness.printable.csv_cell`.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(Row.model_fields), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {**row.model_dump(), "findings": "; ".join(row.findings)}
        writer.writerow({name: printable.csv_cell(cell) for name, cell in cells.items()})
    return buffer.getvalue()


def sections(rows: list[Row], side: Side = TOOL) -> list[Section]:
    """Group rows that may be compared: by tool, the same work, data, launcher, device and machine.

    The ``ok`` runs of one configuration are one line, the median of each figure; ``suspect`` ones
    only where there is no ``ok`` one, and marked. ``invalid``, failed and interrupted ones are
    listed as notes, never averaged. A side that compares has no section where nothing can be.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(side.caption(row.kind), []).append(row)
    made = [_section(caption, members, side) for caption, members in sorted(groups.items())]
    return [one for one in made if one.lines or side is TOOL]


def to_markdown(rows: list[Row], side: Side = TOOL) -> str:
    """All sections as Markdown, with the definitions of the columns below."""
    parts = []
    for section in sections(rows, side):
        caption = printable.markdown(section.caption)
        parts.append(f"**{caption}**\n" if caption else "")
        if section.lines:
            parts += [markdown(header(side), section.lines), ""]
            head = (*side.heads, *phases.HEADER[2:])
            parts += ["Where the time goes (s):\n", markdown(head, section.phases), ""]
        parts += [f"- {printable.markdown(n, printable.LONGEST_LINE)}" for n in section.notes]
        parts.append("")
    if not parts:
        return side.empty if rows else TOOL.empty
    return "\n".join(parts) + "\n" + "\n".join(f"> {line}" for line in definitions(side))


def definitions(side: Side = TOOL) -> tuple[str, ...]:
    """What the columns of a side's tables mean, in lines."""
    first, last = DEFINITIONS[:2], DEFINITIONS[2:]
    return (*first, side.definition, *last[:-1], *phases.DEFINITIONS, last[-1])


def markdown(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A padded Markdown table of texts from anywhere; all columns but the first to the right."""
    lines = [tuple(map(printable.markdown, line)) for line in lines]
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]

    def joined(cells: tuple[str, ...]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([joined(header), "| " + " | ".join(rule) + " |", *map(joined, lines)])


def _section(caption: str, rows: list[Row], side: Side) -> Section:
    measured, notes = _settled(rows, side)
    found = {configuration: usable(members) for configuration, members in measured.items()}
    times = {
        configuration: median([row.time_s for row in members if row.time_s is not None])
        for configuration, members in found.items()
    }
    order = side.order(times)
    found = {one: found[one] for one in order}
    pooled = [note for one in order for note in builds.notes(str(one), found[one])]
    notes += dict.fromkeys(f"{label(row.kind)}: {row.note}" for row in rows if row.note)
    return Section(
        caption,
        [_line(one, found[one], times[one], side.base(one, times), side) for one in order],
        [phases.line(one, found[one]) for one in order],
        notes + pooled + phases.notes(found),
        order,
        list(found.values()),
        [[row for row in measured[one] if row.status != found[one][0].status] for one in order],
        rows,
    )


def _settled(rows: list[Row], side: Side) -> tuple[dict[Configuration, list[Row]], list[str]]:
    """The runs with figures, by line, and a note for each that is not ``ok``."""
    found: dict[Configuration, list[Row]] = {}
    notes: list[str] = []
    counted = [row for row in rows if row.status in ("ok", "suspect") and row.time_s is not None]
    lines: dict[Configuration, list[Row]] = {}
    for row in counted:
        lines.setdefault(side.line(row.kind), []).append(row)
    for line, members in lines.items():
        told = builds.words(members)  # never one median over two builds of a tool
        for row in members:
            said = told[row.run_id]
            named = line._replace(label=f"{line.label} [{said}]") if said else line
            found.setdefault(named, []).append(row)
    for row in rows:
        if row.status != "ok" or row.time_s is None:
            notes.append(_note(row))
    return found, notes


def _note(row: Row) -> str:
    """Why a run is not in the table, or is there with a caution."""
    named = f"{label(row.kind)}{', tuned' if row.mode == 'tuned' else ''}"
    why = row.failure or "; ".join(row.findings)
    if row.status == "suspect" and row.time_s is not None:
        return f"{named}: suspect ({why}) {row.run_id}"
    return f"{named}: {row.status}, not in the table ({why}) {row.run_id}"


def _line(
    named: Configuration, rows: list[Row], time_s: float, base_s: float | None, side: Side
) -> tuple[str, ...]:
    def middle(read: Callable[[Row], float | None], form: str) -> str:
        known = [value for value in map(read, rows) if value is not None]
        return format(median(known), form) if known else "-"

    visible = rows[-1].gpus_visible
    return (
        named.label
        + (f" (median of {len(rows)})" if len(rows) > 1 else "")
        + (" (suspect)" if rows[0].status == "suspect" else ""),
        named.mode,
        f"{time_s:.1f}{_interval(rows)}",
        "-" if base_s is None else f"{side.quotient(time_s, base_s):.2f}",
        middle(lambda row: row.gpu_percent, ".0f"),
        f"{rows[-1].gpus_used}/{visible}" if visible is not None else "-",
        middle(lambda row: row.cpus, ".0f"),
        middle(lambda row: row.cpu1_percent, ".0f"),
        _error_rate(middle),
    )


def _error_rate(middle: Callable[[Callable[[Row], float | None], str], str]) -> str:
    """With its standard error, which repeats do not lower: their test images are the same."""
    rate = middle(lambda row: row.error_rate_percent, ".2f")
    if rate == "-":
        return rate
    return f"{rate} ±{middle(lambda row: row.error_rate_se_points, '.2f')} %"


def _interval(rows: list[Row]) -> str:
    """The interval of the median of Time (s), where there are runs enough for one."""
    found = interval([row.time_s for row in rows if row.time_s is not None])
    return "" if found is None else f" ({found[0]:.1f} to {found[1]:.1f})"
