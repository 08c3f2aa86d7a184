"""All columns, in the order of JSON and CSV: the one list that everything which prints reads.

The rows stand in :mod:`columns_run`, :mod:`columns_time`, :mod:`columns_throughput`,
:mod:`columns_machine`, :mod:`columns_cost` and :mod:`columns_work`. A further column is one
further row there: JSON, CSV, ``benchdl show``, the report and docs/definitions.md have it then, and
the tables that its ``shown`` names.
"""

from __future__ import annotations

from harness.tables import (
    columns_cost,
    columns_machine,
    columns_run,
    columns_throughput,
    columns_time,
    columns_work,
)
from harness.tables.column import Column, Place

GROUPS: dict[str, tuple[Column, ...]] = {
    "identity": columns_run.IDENTITY,
    "time": columns_time.COLUMNS,
    "throughput": columns_throughput.COLUMNS,
    "gpu": columns_machine.GPU,
    "cpu": columns_machine.CPU,
    "cost": columns_cost.COLUMNS,
    "learning": columns_work.LEARNING,
    "work": columns_work.WORK,
    "software": columns_run.SOFTWARE,
    "outcome": columns_run.OUTCOME,
}
"""The columns by what they are about: a table each in docs/definitions.md."""

COLUMNS: tuple[Column, ...] = tuple(column for group in GROUPS.values() for column in group)

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}

COMPARED: dict[str, Column] = {column.compared: column for column in COLUMNS if column.compared}
"""The figures of ``benchdl compare``, by their names there."""


def shown_in(place: Place) -> tuple[Column, ...]:
    """The columns of a place, in its order."""
    found = [column for column in COLUMNS if place in column.shown]
    return tuple(sorted(found, key=lambda column: column.shown[place]))
