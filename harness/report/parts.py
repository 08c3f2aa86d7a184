"""The tables of every side for the page: cells of harness.tables, and figures for the charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from harness.report.packing import short
from harness.stats.describe import summary
from harness.tables import formats
from harness.tables.rows import Row
from harness.tables.views import SIDES, Side

SEGMENTS = ("import", "build", "compile", "first epoch", "steady", "evaluate", "other")
"""Parts of a job's total: ``steady`` is all epochs but the first, ``other`` what is in no part,
such as loading the data and starting the sampler."""


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
    """The sections of one side; runs and rows are given as indices."""
    return [
        {
            "caption": section.caption,
            "notes": section.notes,
            "rows": [number[row.run_id] for row in section.rows],
            "lines": [
                {
                    "name": list(name),
                    "cells": cells[2:],
                    "phases": phases[2:],
                    "runs": [number[row.run_id] for row in members],
                    "beside": [number[row.run_id] for row in beside],
                    "suspect": members[0].status == "suspect",
                    **_interval(members),
                    "error": _middle(members, lambda row: row.error_rate_percent),
                    "error_se": _middle(members, lambda row: row.error_rate_se_points),
                    "segments": segments(members),
                }
                for name, cells, phases, members, beside in zip(
                    section.names,
                    section.lines,
                    section.phases,
                    section.members,
                    section.beside,
                    strict=True,
                )
            ],
        }
        for section in formats.sections(rows, side)
    ]


def _interval(members: list[Row]) -> dict[str, float | None]:
    """Median, and the interval of it, of Time (s)."""
    found = summary([row.time_s for row in members if row.time_s is not None])
    return {"time": short(found.median), "low": short(found.low), "high": short(found.high)}


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


def _middle(members: list[Row], read: Callable[[Row], float | None]) -> float | None:
    known = [value for value in map(read, members) if value is not None]
    return short(median(known)) if known else None


def _steady(row: Row) -> float | None:
    if row.time_s is None or row.first_epoch_s is None:
        return None
    return max(0.0, row.time_s - row.first_epoch_s)


def _other(row: Row) -> float | None:
    if row.total_s is None:
        return None
    told = (row.import_s, row.build_s, row.compile_s, row.time_s, row.evaluate_s)
    return max(0.0, row.total_s - sum(part for part in told if part is not None))
