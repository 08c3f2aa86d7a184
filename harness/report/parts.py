"""The tables of every side for the page: cells of harness.tables, and figures for the charts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from harness.report import answers, relative, scaling_chart
from harness.report.packing import short
from harness.report.runs import field
from harness.stats.medians import CONFIDENCE, coverage
from harness.tables.all_sides import SIDES
from harness.tables.column import Column
from harness.tables.columns import shown_in
from harness.tables.markdown import interval_text
from harness.tables.rows import Row
from harness.tables.scaling import GPUS
from harness.tables.score_columns import of_rows
from harness.tables.sections import Line, Section, grouped
from harness.tables.side import Side
from harness.tables.views import work

SEGMENTS = ("import", "build", "compile", "first epoch", "steady", "evaluate", "other")
"""Parts of a job's total: ``steady`` is all epochs but the first, ``other`` what is in no part,
such as loading the data and starting the sampler."""

_INTERVAL = Column(
    "interval",
    "95 % interval",
    "of the median by order statistics; of 5 runs 93.75 %, none below 5.",
)
_RUNS = Column(
    "runs", "Runs", "starts of a container or process that the line is the median of.", digits=0
)


def scopes(rows: Sequence[Row]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """All tables of every side: of all runs under ``""``, and of each campaign under its id.

    Where there is only one campaign the two are the same, and only the first is made.
    """
    number = {row.run_id: index for index, row in enumerate(rows)}
    campaigns: dict[str, list[Row]] = {"": list(rows)}
    for row in rows:
        campaigns.setdefault(row.campaign_id, []).append(row)
    if len(campaigns) == 2:
        campaigns = {"": list(rows)}
    return {
        name: {side.name: of_side(members, side, number) for side in SIDES.values()}
        for name, members in campaigns.items()
    }


def of_side(rows: list[Row], side: Side, number: dict[str, int]) -> list[dict[str, Any]]:
    """The sections of one side; runs and rows are given as indices.

    Of each line ``values`` are numbers by the keys of their columns, ``cells`` and ``phases`` how
    they are printed, under ``columns`` and the columns of phases, and ``figures`` those of the
    chart. ``answer`` are sentences; ``id`` is the same for the same caption in every report. What
    was trained, and where, are the caption's two halves.
    """
    return [
        {
            "id": _id(section.caption),
            "caption": section.caption,
            "work": work(section.rows[0].kind),
            "answer": [vars(answer) for answer in answers.of(section, side)],
            "columns": [field(column) for column in page_columns(section.columns)],
            "score": field(of_rows(row.values for row in section.rows)),
            "notes": section.notes,
            "scaling": _scaling(section, side),
            "rows": [number[row.run_id] for row in section.rows],
            "lines": _lines(section, side, number),
        }
        for section in grouped(rows, side)
    ]


def _scaling(section: Section, side: Side) -> dict[str, Any] | None:
    """The data sets of the chart of speed-ups; None on any other side."""
    if side is not GPUS:
        return None
    found = scaling_chart.points(section)
    return {"scaling": found, "ideal": scaling_chart.ideal(found)} if found else None


def _id(caption: str) -> str:
    return f"t{hashlib.sha256(caption.encode()).hexdigest()[:8]}"


def _lines(section: Section, side: Side, number: dict[str, int]) -> list[dict[str, Any]]:
    """The lines, those of one label together, in the order of the best of each."""
    columns = page_columns(section.columns)
    first: dict[str, int] = {}
    made = []
    for line, figures in zip(section.lines, relative.figures(section, side), strict=True):
        first.setdefault(line.name.label, len(first))
        made.append({**_line(line, columns, number), "figures": figures})
    return sorted(made, key=lambda line: first[line["name"][0]])


def page_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a table on the page, behind the first two, from those of the short table."""
    time, ratio, *others = columns
    return (time, ratio, _INTERVAL, _RUNS, *others)


def _line(line: Line, columns: Sequence[Column], number: dict[str, int]) -> dict[str, Any]:
    low, high = line.interval_s or (None, None)
    values = {key: short(value) for key, value in line.values.items()}
    values |= {"low_s": short(low), "high_s": short(high), _RUNS.key: len(line.members)}
    chance = coverage(len(line.members))
    values["interval_percent"] = chance and 100 * min(chance, CONFIDENCE)
    shown = {**values, **line.values, _INTERVAL.key: interval_text(line)}  # whole digits for texts
    return {
        "name": list(line.name),
        "values": values,
        "cells": [column.text(shown) for column in columns],
        "phases": [column.text(line.values) for column in shown_in("phases")],
        "runs": [number[row.run_id] for row in line.members],
        "beside": [number[row.run_id] for row in line.beside],
        "suspect": line.suspect,
        "segments": segments(line.members),
    }


def segments(members: list[Row]) -> list[float | None]:
    """``SEGMENTS`` in seconds of the run with the middle total (the lower of two); None: not told.

    Of one run, because medians of parts do not add up to the median of the total.
    """
    ranked = sorted(
        (row for row in members if row.total_s is not None), key=lambda r: r.total_s or 0
    )
    if not ranked:
        return [None] * len(SEGMENTS)
    row = ranked[(len(ranked) - 1) // 2]
    parts = [row.import_s, row.build_s, row.compile_s, row.first_epoch_s, _steady(row)]
    return [short(part) for part in (*parts, row.evaluate_s, _other(row))]


def _steady(row: Row) -> float | None:
    if row.time_s is None or row.first_epoch_s is None:
        return None
    return max(0.0, row.time_s - row.first_epoch_s)


def _other(row: Row) -> float | None:
    if row.total_s is None:
        return None
    told = (row.import_s, row.build_s, row.compile_s, row.time_s, row.evaluate_s)
    return max(0.0, row.total_s - sum(part for part in told if part is not None))
