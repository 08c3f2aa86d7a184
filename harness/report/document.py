"""Everything that a report shows, as one JSON document, and apart from it the timelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.report import charts, colours, over_time, parts, runs
from harness.report.timelines import STEPS, timeline
from harness.tables import reference_rows
from harness.tables.all_sides import SIDES
from harness.tables.columns import shown_in
from harness.tables.rows import Row
from harness.tables.sections import table_columns
from harness.tables.told_beside import NOTHING, Beside
from runner.contract.result import Result

DEFAULT_TIMELINES = 200


@dataclass(frozen=True)
class Source:
    """What a report is made of.

    ``folders`` are where the samples lie, by run id; ``damaged`` what could not be read, in lines;
    ``left_out`` how many stored runs were not asked for; ``beside`` what rows have besides;
    ``timelines`` the number of newest runs that get one, None for all; ``made_at`` the date to
    write, None for now.
    """

    results: Sequence[Result]
    folders: dict[str, Path]
    damaged: Sequence[str] = ()
    left_out: int = 0
    timelines: int | None = DEFAULT_TIMELINES
    made_at: str | None = None
    beside: Beside = NOTHING


def build(source: Source) -> dict[str, Any]:
    """The document, without timelines."""
    rows = source.beside.rows(source.results)
    return {
        "about": _about(source, rows),
        "fields": runs.fields(rows),
        "scores": runs.scores(rows),
        "columns": runs.columns(rows),
        "details": runs.details(source.results),
        "scopes": parts.scopes(rows),
        "sides": {
            name: {
                "title": side.title,
                "heads": [runs.field(column) for column in side.heads],
                "columns": [
                    runs.field(column) for column in parts.page_columns(table_columns(rows, side))
                ],
                "phases": [runs.field(column) for column in shown_in("phases")],
                "empty": side.empty,
            }
            for name, side in SIDES.items()
        },
        "segments": parts.SEGMENTS,
        "tools": _tools(rows),
        "phases": colours.PHASES,
        "history": over_time.document(rows),
        "reference": reference_rows.document(),
        "charts": charts.specs(),
    }


def _tools(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Name and look of each backend; the name is that of its newest run."""
    newest = {run.backend: run.tool for run in sorted(rows, key=lambda run: run.started_at)}
    return {
        backend: {"name": name, **colours.look(backend)._asdict()}
        for backend, name in sorted(newest.items())
    }


def timelines(source: Source) -> dict[str, Any]:
    """The timelines of the newest runs by run id; runs without samples are passed over."""
    newest = sorted(
        source.results, key=lambda result: (result.started_at, result.run_id), reverse=True
    )
    made = {}
    for result in newest[: source.timelines]:
        folder = source.folders.get(result.run_id)
        found = timeline(result, folder) if folder else None
        if found is not None:
            made[result.run_id] = found
    return made


def _about(source: Source, rows: list[Row]) -> dict[str, Any]:
    started = sorted(run.started_at for run in rows)
    return {
        "made_at": source.made_at or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "version": metadata.version("benchdl"),
        "statuses": dict(Counter(run.status for run in rows)),
        "campaigns": len({run.campaign_id for run in rows}),
        "machines": sorted({run.machine for run in rows if run.machine}),
        "first": started[0] if started else None,
        "last": started[-1] if started else None,
        "damaged": list(source.damaged),
        "left_out": source.left_out,
        "timelines": source.timelines,
        "steps": STEPS,
    }
