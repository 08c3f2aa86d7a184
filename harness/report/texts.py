"""The report's tables as Markdown or CSV, ready to paste."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from harness import printable
from harness.report.packing import short
from harness.tables import reference_rows
from harness.tables.all_sides import SIDES
from harness.tables.column import NOT_MEASURED, Column
from harness.tables.columns import BY_KEY, shown_in
from harness.tables.markdown import phase_cells, to_markdown
from harness.tables.score_columns import SCORE
from harness.tables.sections import Line, grouped
from harness.tables.told_beside import NOTHING, Beside
from runner.contract.result import Result

_FIGURES = [column for column in shown_in("table")[1:] if column is not SCORE]
_ERROR_RATE = BY_KEY["error_rate_percent"]

CSV_HEADER = (
    *("side", "table", "line", "kind", "runs", "suspect", "time_s", "low_s", "high_s", "ratio"),
    *(column.head for column in _FIGURES),
    _ERROR_RATE.head,
    *(column.title for column in shown_in("phases")),
    *(BY_KEY[key].title for key in ("metric", "score")),
)
"""Time (s) and the ratio have names of their own, since they stand without what tables add; the
error rate has a column beside the score, since it had one before."""


def markdown(results: Sequence[Result], beside: Beside = NOTHING) -> str:
    """The tables of every side, all findings with their advice, and the figures of 2016."""
    rows = beside.rows(results)
    parts = ["# benchdl report", ""]
    for side in SIDES.values():
        parts += [f"## {side.title}", "", to_markdown(rows, side), ""]
    parts += ["## Findings", "", *(_findings(results) or ["none"]), ""]
    parts += ["## Reference", "", reference_rows.to_markdown(), ""]
    return "\n".join(parts)


def _findings(results: Sequence[Result]) -> list[str]:
    """One line a code and severity: how often, an example, and what to do."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for finding in result.findings:
            line = printable.markdown(
                f"{finding.evidence} ({result.run_id}). {finding.advice}", printable.LONGEST_LINE
            )
            found.setdefault((finding.severity, finding.code), []).append(line)
    order = ["invalid", "suspect", "info"]
    return [
        f"- {severity} {_code(code)}, {_runs(len(lines))}, for example: {lines[0]}"
        for (severity, code), lines in sorted(
            found.items(), key=lambda item: order.index(item[0][0])
        )
    ]


def _code(code: str) -> str:
    return f"`{printable.line(code, printable.LONGEST_CELL).replace('`', chr(39))}`"


def _runs(count: int) -> str:
    return f"{count} run{'s' if count > 1 else ''}"


def csv_lines(results: Sequence[Result], beside: Beside = NOTHING) -> str:
    """One line for each line of the tables of every side, with the interval and the runs."""
    rows = beside.rows(results)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for side in SIDES.values():
        for section in grouped(rows, side):
            for line in section.lines:
                found = [side.name, section.caption, *_csv_cells(line, side.ratio)]
                writer.writerow(map(printable.csv_cell, found))
    return buffer.getvalue()


def _csv_cells(line: Line, ratio: Column) -> list[object]:
    """A line under ``CSV_HEADER``, from its name on; what was not measured is empty."""
    low, high = line.interval_s or (None, None)
    members = [row.values for row in line.members]
    figures = [
        *(column.text(line.values) for column in (ratio, *_FIGURES)),
        _ERROR_RATE.text(_ERROR_RATE.folded(members)),
        *phase_cells(line)[2:],
    ]
    return [
        *line.name,
        len(line.members),
        "yes" if line.suspect else "no",
        *(short(value) for value in (line.values["time_s"], low, high)),
        *(None if text == NOT_MEASURED else text for text in figures),
        members[0]["metric"],
        short(SCORE.folded(members)[SCORE.key]),
    ]
