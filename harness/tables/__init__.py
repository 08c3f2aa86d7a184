"""Tables in the seed's form: tools side by side, on one machine, from rows that may be compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from harness.tables import phases
from harness.tables.phases import Configuration
from harness.tables.rows import Row, recipe_batch_size

HEADER = (
    "Tool",
    "Mode",
    "Time (s)",
    "vs lowest",
    "GPU (%)",
    "GPUs",
    "CPUs",
    "CPU1 (%)",
    "Error rate",
)

DEFINITIONS = (
    "Time (s): wall clock of the training call, data in memory, compilation ahead left out.",
    "Mode: as-written, with the tool's defaults; tuned, the best of its documented settings. "
    "vs lowest: Time (s) over the lowest of its table.",
    "GPU (%): mean NVML utilisation of the GPUs used, zeros kept. GPUs: used/visible.",
    "CPUs: median number of cores at least 10 % busy. CPU1 (%): mean of the busiest core. "
    "Both of the whole machine, while training.",
    "Error rate: of the 10,000 test images. `-`: not measured. Details: docs/definitions.md",
)


@dataclass(frozen=True)
class Section:
    """Rows that may stand side by side, and what they have in common."""

    caption: str
    lines: list[tuple[str, ...]]
    phases: list[tuple[str, ...]]
    notes: list[str]


def to_json(rows: Iterable[Row]) -> str:
    """A list of objects, one a run."""
    return json.dumps([row.model_dump() for row in rows], indent=1)


def to_csv(rows: Iterable[Row]) -> str:
    """One line a run, a header on top; findings are separated by semicolons."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(Row.model_fields), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row.model_dump(), "findings": "; ".join(row.findings)})
    return buffer.getvalue()


def sections(rows: list[Row]) -> list[Section]:
    """Group rows that may be compared: same work, data, launcher, device and machine.

    The ``ok`` runs of one configuration are one line, the median of each figure; ``suspect`` ones
    only where there is no ``ok`` one, and marked. ``invalid``, failed and interrupted ones are
    listed as notes, never averaged.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_caption(row), []).append(row)
    return [_section(caption, members) for caption, members in sorted(groups.items())]


def to_markdown(rows: list[Row]) -> str:
    """All sections as Markdown, with the definitions of the columns below."""
    parts = []
    for section in sections(rows):
        parts.append(f"**{section.caption}**\n" if section.caption else "")
        if section.lines:
            parts += [markdown(HEADER, section.lines), ""]
            parts += ["Where the time goes (s):\n", markdown(phases.HEADER, section.phases), ""]
        parts += [f"- {note}" for note in section.notes]
        parts.append("")
    if not parts:
        return "no results yet: make bench"
    return "\n".join(parts) + "\n" + "\n".join(f"> {line}" for line in DEFINITIONS)


def markdown(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A padded Markdown table; all columns but the first are numbers, to the right."""
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]

    def joined(cells: tuple[str, ...]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([joined(header), "| " + " | ".join(rule) + " |", *map(joined, lines)])


def _caption(row: Row) -> str:
    images = f"{row.train_samples:,} images" if row.train_samples else "all images"
    parts = [
        row.workload,
        f"dataset {row.dataset}",
        f"{images}, {row.epochs} epoch{'s' if row.epochs > 1 else ''}",
        f"launcher {row.launcher}",
        f"device {row.device}" + (f" ({row.gpu_name})" if row.gpu_name else ""),
        row.precision,
    ]
    if row.batch_size and row.batch_size != recipe_batch_size(row.workload):
        parts.append(f"batch {row.batch_size}")
    if row.threads:
        parts.append(f"{row.threads} thread{'s' if row.threads > 1 else ''}")
    if row.machine:
        parts.append(row.machine)
    return " · ".join(parts)


def _section(caption: str, rows: list[Row]) -> Section:
    found: dict[Configuration, list[Row]] = {}
    notes: list[str] = []
    several = _labels_of_several_kinds(rows)
    for row in rows:
        named = f"{_label(row)}{', tuned' if row.mode == 'tuned' else ''}"
        if row.status in ("ok", "suspect") and row.time_s is not None:
            label = _label(row)
            if (label, row.mode) in several:  # never one median over two versions of a tool
                label = f"{label} [{row.software}; {row.settings}]"
            found.setdefault(Configuration(label, row.mode), []).append(row)
        else:
            why = row.failure or "; ".join(row.findings)
            notes.append(f"{named}: {row.status}, not in the table ({why}) {row.run_id}")
        if row.status == "suspect":
            notes.append(f"{named}: suspect ({'; '.join(row.findings)}) {row.run_id}")
    notes += dict.fromkeys(f"{_label(row)}: {row.note}" for row in rows if row.note)
    for configuration, members in found.items():
        # A suspect run stands in for a good one only as long as there is none.
        found[configuration] = [row for row in members if row.status == "ok"] or members
    times = {
        configuration: median([row.time_s for row in members if row.time_s is not None])
        for configuration, members in found.items()
    }
    order = sorted(times, key=lambda configuration: times[configuration])
    best = times[order[0]] if order else 0.0
    return Section(
        caption,
        [_line(one, found[one], times[one] / best) for one in order],
        [phases.line(one, found[one]) for one in order],
        notes + phases.differences(found) + phases.rank_flip(found),
    )


def _labels_of_several_kinds(rows: list[Row]) -> set[tuple[str, str]]:
    """Label and mode under which rows of different software or settings would meet."""
    kinds: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in rows:
        kinds.setdefault((_label(row), row.mode), set()).add((row.software, row.settings))
    return {label for label, found in kinds.items() if len(found) > 1}


def _label(row: Row) -> str:
    words = [row.variant] if row.variant != "default" else []
    words += [row.overrides] if row.overrides else []
    return f"{row.tool}{', ' if words else ''}{', '.join(words)}"


def _line(named: Configuration, rows: list[Row], ratio: float) -> tuple[str, ...]:
    def middle(read: Callable[[Row], float | None], form: str) -> str:
        known = [value for value in map(read, rows) if value is not None]
        return format(median(known), form) if known else "-"

    visible = rows[-1].gpus_visible
    return (
        named.label
        + (f" (median of {len(rows)})" if len(rows) > 1 else "")
        + (" (suspect)" if rows[0].status == "suspect" else ""),
        named.mode,
        middle(lambda row: row.time_s, ".1f"),
        f"{ratio:.2f}",
        middle(lambda row: row.gpu_percent, ".0f"),
        f"{rows[-1].gpus_used}/{visible}" if visible is not None else "-",
        middle(lambda row: row.cpus, ".0f"),
        middle(lambda row: row.cpu1_percent, ".0f"),
        middle(lambda row: row.error_rate_percent, ".2f") + " %",
    )
