"""Rows that may be compared, as sections of lines: numbers, which whoever prints them formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from harness.stats.describe import interval
from harness.tables import builds, costs, over_starts, phases, rewritten
from harness.tables.column import Column, Value
from harness.tables.columns import BY_KEY, shown_in
from harness.tables.kinds import Configuration, Kind
from harness.tables.rows import Row
from harness.tables.sampled import usable
from harness.tables.score_columns import settled
from harness.tables.side import RATIO, Side
from harness.tables.views import TOOL, label, mode

_BROUGHT = [BY_KEY[key] for key in ("time_to_loss_s", "cost", "cost_to_loss")]


@dataclass(frozen=True)
class Line:
    """One configuration: what its runs come to.

    Args:
        name: the first two cells, without what the runs add to them.
        members: the runs behind it.
        beside: the suspect runs that are left out since there are better ones.
        values: by the keys of the columns of tables, of the members folded.
        interval_s: of the median of Time (s); None where there are too few runs.
    """

    name: Configuration
    members: list[Row]
    beside: list[Row]
    values: dict[str, Value]
    interval_s: tuple[float, float] | None

    @property
    def suspect(self) -> bool:
        """Whether it stands on suspect runs, since there are no better ones."""
        return self.members[0].status == "suspect"


@dataclass(frozen=True)
class Section:
    """Lines that may stand side by side, what they have in common, and what to say of them.

    ``columns`` are those of its short table behind the first two, with the score's as its metric
    has it; ``doubts`` a note for each run that is not ``ok``, ``remarks`` all other notes; ``rows``
    all rows of the section, whatever came of them.
    """

    caption: str
    columns: tuple[Column, ...]
    lines: list[Line]
    doubts: list[str]
    remarks: list[str]
    rows: list[Row]

    @property
    def notes(self) -> list[str]:
        """All that is to be said below the table."""
        return self.doubts + self.remarks

    @property
    def in_lines(self) -> set[str]:
        """The ids of the runs that its lines are of."""
        return {row.run_id for line in self.lines for row in line.members}


def table_columns(rows: Sequence[Row], side: Side = TOOL) -> tuple[Column, ...]:
    """The columns of a side's short table of these rows, behind the first two.

    Those of what the reader brought, a price or a loss to be reached, are there where he did.
    """
    time, *others = settled(shown_in("table"), [row.values for row in rows])
    brought = [column for column in _BROUGHT if any(row.values[column.key] for row in rows)]
    return (time, side.ratio, *others, *side.more, *brought)


def grouped(rows: list[Row], side: Side = TOOL) -> list[Section]:
    """Group rows that may be compared: by tool, the same work, data, launcher, device and machine.

    The ``ok`` runs of one configuration are one line, the median of each figure; ``suspect`` ones
    only where there is no ``ok`` one, and marked. ``invalid``, failed and interrupted ones are
    listed as notes, never averaged. A side that compares has no section where nothing can be.
    """
    groups: dict[str, list[Row]] = {}
    gpus = _gpus(rows)
    for row in rows:
        groups.setdefault(side.caption(_placed(row, gpus)), []).append(row)
    made = [_section(caption, members, side) for caption, members in sorted(groups.items())]
    return [section for section in made if section.lines or side is TOOL]


def _gpus(rows: list[Row]) -> dict[tuple[str, str | None], set[str]]:
    """Names of the GPUs that the runs of each campaign saw on each machine."""
    seen: dict[tuple[str, str | None], set[str]] = {}
    for row in rows:
        if row.gpu_name:
            seen.setdefault((row.campaign_id, row.machine), set()).add(row.gpu_name)
    return seen


def _placed(row: Row, gpus: dict[tuple[str, str | None], set[str]]) -> Kind:
    """The kind that tells a row's table.

    A run that failed before it told its GPU stands with those of its campaign that saw the same.
    """
    seen = gpus.get((row.campaign_id, row.machine), set())
    if row.device == "cpu" or row.gpu_name or len(seen) != 1:
        return row.kind
    return row.kind._replace(gpu_name=next(iter(seen)))


def _section(caption: str, rows: list[Row], side: Side) -> Section:
    measured = _settled(rows, side)
    remarks = list(dict.fromkeys(f"{label(row.kind)}: {row.note}" for row in rows if row.note))
    found = {configuration: usable(members) for configuration, members in measured.items()}
    times = {
        configuration: median([row.time_s for row in members if row.time_s is not None])
        for configuration, members in found.items()
    }
    found = {configuration: found[configuration] for configuration in side.order(times)}
    columns = table_columns(rows, side)
    lines = []
    for configuration, members in found.items():
        base_s = side.base(configuration, times)
        time_s = times[configuration]
        ratio = None if base_s is None else side.quotient(time_s, base_s)
        beside = [row for row in measured[configuration] if row.status != members[0].status]
        told = {RATIO: ratio, **side.tell(configuration, found)}
        lines.append(_line(configuration, members, beside, told, columns))
        remarks += builds.notes(str(configuration), members)
    anew = [name for name, members in found.items() if any(row.convolutions for row in members)]
    remarks += rewritten.notes([str(name) for name in anew]) + phases.notes(found)
    remarks += over_starts.notes(found) + costs.notes(found)
    made = Section(caption, columns, lines, [], remarks, rows)
    doubtful = [row for row in rows if row.status != "ok" or row.time_s is None]
    return replace(made, doubts=[_note(row, left_out=row.run_id not in made.in_lines)
                                 for row in doubtful])  # fmt: skip


def _line(
    name: Configuration,
    members: list[Row],
    beside: list[Row],
    told: dict[str, Value],
    columns: tuple[Column, ...],
) -> Line:
    values: dict[str, Value] = {}
    runs = [row.values for row in members]
    for column in (*columns, *shown_in("phases")):
        of_table = {key: told[key] for key in (column.key, column.beside) if key in told}
        values |= of_table or column.folded(runs)
    times_s = [row.time_s for row in members if row.time_s is not None]
    return Line(name, members, beside, values, interval(times_s))


def _settled(rows: list[Row], side: Side) -> dict[Configuration, list[Row]]:
    """The runs with figures, by line."""
    found: dict[Configuration, list[Row]] = {}
    counted = [row for row in rows if row.status in ("ok", "suspect") and row.time_s is not None]
    groups: dict[object, list[Row]] = {}
    for row in counted:
        groups.setdefault(side.held(side.line(row.kind)), []).append(row)
    for members in groups.values():
        told = builds.words(members, side.parts)  # never one median over two builds of a tool
        for row in members:
            found.setdefault(side.line(row.kind).built(told[row.run_id]), []).append(row)
    return found


def _note(row: Row, *, left_out: bool) -> str:
    """Why a run is not in the table, or is there with a caution."""
    named = f"{label(row.kind)}{f', {mode(row.kind)}' if row.mode == 'tuned' else ''}"
    why = row.failure or "; ".join(row.findings)
    return f"{named}: {row.status}{', not in the table' if left_out else ''} ({why}) {row.run_id}"
