"""Runs as a list, the newest first: what ``benchdl runs`` shows of each."""

from __future__ import annotations

from collections.abc import Sequence

from harness.tables.column import NOT_MEASURED
from harness.tables.columns import BY_KEY
from harness.tables.fitted import Head
from harness.tables.markdown import table
from harness.tables.rows import Row
from harness.tables.sampled import moment
from harness.tables.views import label

_TIME = BY_KEY["time_s"]


def heads(rows: Sequence[Row], *, whole: bool) -> list[Head]:
    """The heads of :func:`lines`; that of tags only where there are any."""
    titles = ["Run", "Started (UTC)", "Tool", "Workload", "Device", _TIME.head, "Status"]
    titles += ["Tags"] if any(row.tags for row in rows) else []
    titles += ["Campaign", "Machine"] if whole else []
    wrapping = {"Tool", "Tags", "Machine"}
    return [Head(title, left=title != _TIME.head, wraps=title in wrapping) for title in titles]


def lines(rows: Sequence[Row], *, whole: bool) -> list[tuple[str, ...]]:
    """A line a run; ``whole`` ids with campaign and machine, else the part that tells them apart.

    The last part of an id is drawn by chance: it names one run, and `benchdl show` takes it.
    """
    shorts = [row.run_id.rpartition("-")[2] for row in rows]
    alike = len(set(shorts)) < len(shorts)
    tagged = any(row.tags for row in rows)
    return [
        (
            row.run_id if whole or alike else short,
            f"{moment(row.started_at):%Y-%m-%d %H:%M}" if row.started_at else NOT_MEASURED,
            _named(row),
            row.workload,
            row.device,
            _TIME.text(row.values),
            row.status,
            *([", ".join(row.tags) or NOT_MEASURED] if tagged else []),
            *((row.campaign_id, row.machine or NOT_MEASURED) if whole else ()),
        )
        for row, short in zip(rows, shorts, strict=True)
    ]


def to_markdown(rows: Sequence[Row]) -> str:
    """All of them as a Markdown table."""
    return table([head.title for head in heads(rows, whole=True)], lines(rows, whole=True))


def _named(row: Row) -> str:
    return label(row.kind) + ("" if row.mode == "as-written" else f", {row.mode}")
