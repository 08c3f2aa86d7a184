"""The tab over time: the lines of ``benchdl history`` as data, and their chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.history import courses, sentences
from harness.history.courses import Course
from harness.report.packing import short
from harness.tables.columns import BY_KEY
from harness.tables.rows import Row


def document(rows: Sequence[Row]) -> dict[str, Any]:
    """Every configuration with two campaigns or more; runs are given as indices.

    ``rule`` says what is marked, ``heads`` are those of the cells of points.
    """
    number = {row.run_id: index for index, row in enumerate(rows)}
    over = courses.over_time(rows)
    return {
        "answers": sentences.answers(over),
        "rule": sentences.rule(over),
        "heads": sentences.point_header(over),
        "courses": [_course(course, number) for course in over.courses if len(course.points) > 1],
    }


def _course(course: Course, number: dict[str, int]) -> dict[str, Any]:
    return {
        "name": course.name,
        "caption": course.caption,
        "backend": course.points[-1].row.backend,
        "cells": sentences.point_cells(course),
        "notes": sentences.of_course(course),
        "points": [
            {
                "at": point.at.isoformat(timespec="seconds"),
                "time": short(point.median_s),
                "low": point.interval_s and short(point.interval_s[0]),
                "high": point.interval_s and short(point.interval_s[1]),
                "runs": [number[run_id] for run_id in point.run_ids],
                "counted": place in course.counted,
            }
            for place, point in enumerate(course.points)
        ],
        "changes": [
            {"at": change.at.isoformat(timespec="seconds"), "verdict": change.verdict}
            for change in course.changes
        ],
    }


def chart(backend: dict[str, Any], marker: dict[str, Any]) -> dict[str, Any]:
    """One configuration: a mark a campaign, its interval, and a rule before each new level.

    Args:
        backend: the encoding of a tool's colour.
        marker: that of its shape.
    """
    x = {"field": "at", "type": "temporal", "title": "Begun (UTC)", "scale": {"type": "utc"},
         "axis": {"tickCount": 6, "grid": False}}  # fmt: skip
    y = {
        "field": "time",
        "type": "quantitative",
        "title": BY_KEY["time_s"].head,
        "scale": {"zero": False, "nice": True, "padding": 8},
        "axis": {"tickCount": 4},
    }
    known = [{"filter": "isValid(datum.time)"}]
    marks = {"x": x, "y": y, "color": backend, "shape": marker, "tooltip": {"field": "tip"}}
    points = {"name": "points"}
    return {
        "height": 150,
        "layer": [
            {
                "data": {"name": "changes"},
                "mark": {"type": "rule", "strokeWidth": 2, "strokeDash": [5, 3], "color": "@ink"},
                "encoding": {"x": x, "tooltip": {"field": "tip"}},
            },
            {
                "data": points,
                "transform": [{"filter": "datum.counted"}],
                "mark": {"type": "line", "strokeWidth": 1, "color": "@ghost"},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": points,
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "color": "@ink"},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            *(
                {
                    "data": points,
                    "transform": [*known, {"filter": chosen}],
                    "mark": {"type": "point", "filled": filled, "size": 70, "opacity": 1},
                    "encoding": marks,
                }
                for chosen, filled in (("datum.counted", True), ("!datum.counted", False))
            ),
        ],
    }
