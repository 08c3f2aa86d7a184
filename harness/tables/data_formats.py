"""Rows as data: JSON and CSV, with every column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from harness import printable
from harness.tables.column import Value
from harness.tables.columns import COLUMNS
from harness.tables.rows import Row


def to_json(rows: Iterable[Row]) -> str:
    """A list of objects, one a run."""
    return json.dumps([row.values for row in rows], indent=1)


def to_csv(rows: Iterable[Row]) -> str:
    """One line a run, a header on top; findings are separated by semicolons.

    No text is a formula: see :func:`harness.printable.csv_cell`.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(column.key for column in COLUMNS)
    for row in rows:
        writer.writerow(printable.csv_cell(_plain(row.values[column.key])) for column in COLUMNS)
    return buffer.getvalue()


def _plain(value: Value) -> Value:
    return "; ".join(value) if isinstance(value, list) else value
