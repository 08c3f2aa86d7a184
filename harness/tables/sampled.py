"""Which rows count, and rows as samples: one run is one sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from harness.stats.describe import Sample
from harness.tables.rows import Row


def usable(rows: Sequence[Row]) -> list[Row]:
    """The rows that count: those that are ``ok``, or the ``suspect`` ones while there are none.

    A suspect run stands in for a good one only as long as there is none.
    """
    for status in ("ok", "suspect"):
        found = [row for row in rows if row.status == status and row.time_s is not None]
        if found:
            return found
    return []


def moment(started_at: str) -> datetime:
    """A row's start; the beginning of time where it is not known."""
    return datetime.fromisoformat(started_at or "1970-01-01T00:00:00+00:00")


def samples(rows: Sequence[Row], key: str = "time_s") -> list[Sample]:
    """The values of a column, one a row, without rows that lack it.

    Which rows count says :func:`usable`.
    """
    found = []
    for row in rows:
        value: float | None = row.values[key]
        if value:  # an epoch of 0 s was not measured either
            began = moment(row.started_at).timestamp()
            found.append(Sample(value, (row.campaign_id, row.repeat), row.run_id, began))
    return found
