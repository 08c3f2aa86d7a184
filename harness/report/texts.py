"""The report's tables as Markdown or CSV, ready to paste."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from harness import printable
from harness.report import parts
from harness.tables import formats, phases, reference_rows
from harness.tables.rows import row
from harness.tables.views import SIDES
from runner.contract.result import Result

CSV_HEADER = (
    *("side", "table", "line", "kind", "runs", "suspect", "time_s", "low_s", "high_s", "ratio"),
    *formats.FIGURES,
    *phases.HEADER[2:],
)


def markdown(results: Sequence[Result]) -> str:
    """The tables of every side, all findings with their advice, and the seed's figures."""
    rows = [row(result) for result in results]
    parts = ["# benchdl report", ""]
    for side in SIDES.values():
        parts += [f"## {side.title}", "", formats.to_markdown(rows, side), ""]
    parts += ["## Findings", "", *(_findings(results) or ["none"]), ""]
    parts += ["## Reference", "", reference_rows.to_markdown(), ""]
    return "\n".join(parts)


def _findings(results: Sequence[Result]) -> list[str]:
    """One line a code and severity: how often, an example, and what to do."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for one in result.findings:
            line = printable.markdown(
                f"{one.evidence} ({result.run_id}). {one.advice}", printable.LONGEST_LINE
            )
            found.setdefault((one.severity, one.code), []).append(line)
    order = ["invalid", "suspect", "info"]
    return [
        f"- {severity} {_code(code)}, {_runs(len(lines))}, for example: {lines[0]}"
        for (severity, code), lines in sorted(found.items(), key=lambda one: order.index(one[0][0]))
    ]


def _code(code: str) -> str:
    return f"`{printable.line(code, printable.LONGEST_CELL).replace('`', chr(39))}`"


def _runs(count: int) -> str:
    return f"{count} run{'s' if count > 1 else ''}"


def csv_lines(results: Sequence[Result]) -> str:
    """One line for each line of the tables of every side, with the interval and the runs."""
    rows = [row(result) for result in results]
    number = {one.run_id: index for index, one in enumerate(rows)}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for side in SIDES.values():
        for section in parts.of_side(rows, side, number):
            for line in section["lines"]:
                cells = [side.name, section["caption"], *line["name"], len(line["runs"])]
                cells += ["yes" if line["suspect"] else "no"]
                cells += [line["time"], line["low"], line["high"]]
                cells += [None if cell == "-" else cell for cell in line["cells"][1:]]
                cells += [None if cell == "-" else cell for cell in line["phases"]]
                writer.writerow(map(printable.csv_cell, cells))
    return buffer.getvalue()
