"""A history as Markdown for readers, as JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from harness import printable
from harness.history import changed, sentences
from harness.history.courses import Course, Over
from harness.history.points import Point
from harness.stats.change_points import FALSE_ALARM, FEWEST, LEAST
from harness.tables.markdown import table

COLUMNS = (
    "configuration", "work_and_machine", "campaign_id", "begun_at", "runs", "median", "low",
    "high", "suspect", "counted", "change", "changed_beside",
)  # fmt: skip


def to_markdown(over: Over, *, verbose: bool = False) -> str:
    """A table for each caption, the changes below; ``verbose``: every point as well."""
    blocks = []
    courses: dict[str, list[Course]] = {}
    for course in over.courses:
        courses.setdefault(course.caption, []).append(course)
    for part in sentences.parts(over):
        blocks += [f"**{printable.markdown(part.caption)}**", "",
                   table(sentences.header(over), part.cells), ""]  # fmt: skip
        notes = [f"- {printable.markdown(note, printable.LONGEST_LINE)}" for note in part.notes]
        blocks += [*notes, ""] if notes else []
        for course in courses[part.caption] if verbose else ():
            cells = table(sentences.point_header(over), sentences.point_cells(course))
            blocks += [f"{printable.markdown(course.name)}:", "", cells, ""]
    answers = [
        printable.markdown(words, printable.LONGEST_LINE) for words in sentences.answers(over)
    ]
    return "\n".join([*blocks, *answers, "", *(f"> {line}" for line in sentences.legend(over))])


def to_json(over: Over) -> str:
    """Everything: points, changes with what changed beside them, and by which rule."""
    return json.dumps(
        {
            "figure": over.figure,
            "margin": over.margin,
            "fewest_campaigns": FEWEST,
            "least_of_a_level": LEAST,
            "false_alarms": 2 * FALSE_ALARM,
            "configurations": [_course(course) for course in over.courses],
        },
        indent=1,
    )


def to_csv(over: Over) -> str:
    """One line a point. No text is a formula: see :func:`harness.printable.csv_cell`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for told in lines(over):
        writer.writerow(map(printable.csv_cell, told.values()))
    return buffer.getvalue()


def lines(over: Over) -> list[dict[str, Any]]:
    """One dictionary a point, by ``COLUMNS``: runs are counted, what changed beside is one text."""
    return [
        _line(course, number) for course in over.courses for number in range(len(course.points))
    ]


def _line(course: Course, number: int) -> dict[str, Any]:
    told = _point(course, number) | {
        "configuration": course.name,
        "work_and_machine": course.caption,
        "runs": len(course.points[number].run_ids),
    }
    told["changed_beside"] = "; ".join(told["changed_beside"])
    return {column: told[column] for column in COLUMNS}


def _course(course: Course) -> dict[str, Any]:
    newest = course.points[-1].row
    return {
        "configuration": course.name,
        "work_and_machine": course.caption,
        "backend": newest.backend,
        "mode": newest.mode,
        "variant": newest.variant,
        "workload": newest.workload,
        "machine": newest.machine,
        "not_searched": course.unsearched or None,
        "runs_of_earlier_builds_left_out": course.left_out,
        "points": [_point(course, number) for number in range(len(course.points))],
        "changes": [
            {
                "at": change.at.isoformat(),
                "point": change.number,
                "verdict": change.verdict,
                "ratio": change.ratio,
                "low": change.interval and change.interval[0],
                "high": change.interval and change.interval[1],
                "median_before": change.before_s,
                "median_after": change.after_s,
                "campaigns_before": change.counts[0],
                "campaigns_after": change.counts[1],
                "changed_beside": change.beside,
            }
            for change in course.changes
        ],
    }


def _point(course: Course, number: int) -> dict[str, Any]:
    point: Point = course.points[number]
    before = course.points[number - 1] if number else None
    begun = {change.number: change.verdict for change in course.changes}
    low, high = point.interval_s or (None, None)
    return {
        "campaign_id": point.campaign_id,
        "begun_at": point.at.isoformat(),
        "runs": point.run_ids,
        "median": point.median_s,
        "low": low,
        "high": high,
        "suspect": point.suspect,
        "lost": point.lost,
        "counted": number in course.counted,
        "change": begun.get(number),
        "changed_beside": changed.between(before.row, point.row) if before else [],
    }
