"""What a gallery lists of a bundle: plain numbers and texts, bounded, whoever wrote them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness import printable
from harness.bundle.manifest import Manifest
from harness.bundle.reading import Bundle
from harness.counted import things
from harness.tables.column import NOT_MEASURED, Column, Value, Values
from harness.tables.columns import BY_KEY
from harness.tables.markdown import interval_text
from harness.tables.rows import Row
from harness.tables.score_columns import of_rows
from harness.tables.sections import Line, grouped
from harness.tables.told_beside import NOTHING, Beside
from harness.tables.views import conditions, work
from runner.contract.result import Result

MOST_LINES = 200
"""Of one bundle: what more it holds is in its report."""

LONGEST = 200
"""Characters of one text."""

FIGURES = tuple(BY_KEY[key] for key in ("time_s", "energy_j", "cost"))
"""Columns of a gallery's table, each shown if any line has a figure; the score has one as well."""


_PRICE = BY_KEY["price_per_hour"]


@dataclass(frozen=True)
class Measured:
    """One configuration of a bundle: the median of its runs that may be used.

    ``work`` is what was trained of ``workload``: data, budget, launcher, precision. ``values`` are
    numbers by the keys of ``FIGURES``, ``cells`` how they are printed; ``low_s`` and ``high_s``
    bound the median of the time. ``price`` is what its cost stands on. ``instance`` is what the
    user calls the machine or its firmware does: on many clouds its type. ``words`` are what only
    the search looks at.
    """

    campaign: str
    tool: str
    backend: str
    mode: str
    workload: str
    work: str
    device: str
    gpu: str
    machine: str
    instance: str
    runs: int
    suspect: bool
    values: dict[str, float | None]
    cells: dict[str, str]
    interval: str
    low_s: float | None
    high_s: float | None
    price: str
    score: str
    words: str


@dataclass(frozen=True)
class Listed:
    """A bundle of the gallery.

    ``name`` is the file's where it came from, ``statuses`` how many runs came to what, ``doubts``
    what its manifest has to explain, ``unlisted`` how many lines are in its report only.
    ``sha256`` is the file's, ``manifest_sha256`` the one that ``bundle verify`` prints.
    """

    campaign: str
    name: str
    begun: str
    launcher: str
    machine: str
    statuses: dict[str, int]
    doubts: list[str]
    size_bytes: int
    sha256: str
    manifest_sha256: str
    unlisted: int
    lines: list[Measured]


def of(
    bundle: Bundle,
    results: list[Result],
    name: str,
    size_bytes: int,
    sha256: str,
    beside: Beside = NOTHING,
) -> Listed:
    """What is listed of a bundle, which was checked, and of its results.

    Raises:
        UsageError: two prices fit a machine.
    """
    record = bundle.campaign()
    made = beside.rows(results)
    instances = {result.run_id: _instance(result) for result in results}
    lines = [
        _measured(line, record.campaign_id, instances[line.members[-1].run_id])
        for section in grouped(made)
        for line in section.lines
    ]
    statuses: dict[str, int] = {}
    for row in made:
        statuses[row.status] = statuses.get(row.status, 0) + 1
    return Listed(
        campaign=record.campaign_id,
        name=_text(name),
        begun=_text(record.created_at),
        launcher=record.launcher,
        machine=_text(record.machine),
        statuses=dict(sorted(statuses.items())),
        doubts=_doubts(bundle.manifest),
        size_bytes=size_bytes,
        sha256=sha256,
        manifest_sha256=bundle.manifest_sha256,
        unlisted=max(0, len(lines) - MOST_LINES),
        lines=lines[:MOST_LINES],
    )


def figures(lines: Sequence[Measured]) -> list[Column]:
    """Those of ``FIGURES`` that any of the lines has."""
    return [
        column for column in FIGURES if any(line.values[column.key] is not None for line in lines)
    ]


def _measured(line: Line, campaign: str, instance: str) -> Measured:
    kind, members = line.members[-1].kind, [row.values for row in line.members]
    values: dict[str, Value] = {}
    for column in FIGURES:
        values |= column.folded(members)
    score = of_rows(members)
    told = score.text(score.folded(members))
    low_s, high_s = line.interval_s or (None, None)
    visible = f"{kind.gpus_visible} × " if (kind.gpus_visible or 1) > 1 else ""
    return Measured(
        campaign=campaign,
        tool=_text(line.name.label),
        backend=_text(line.members[-1].backend),
        mode=_text(line.name.mode),
        workload=_text(kind.workload),
        work=_text(" · ".join([_rest(work(kind), kind.workload), *conditions(kind)])),
        device=_text(kind.device),
        gpu=_text(f"{visible}{kind.gpu_name}") if kind.device == "gpu" and kind.gpu_name else "",
        machine=_text(kind.machine or ""),
        instance=instance,
        runs=len(members),
        suspect=line.suspect,
        values={column.key: _finite(values[column.key]) for column in FIGURES},
        cells={column.key: column.text(values) for column in FIGURES},
        interval=interval_text(line) or "",
        low_s=low_s,
        high_s=high_s,
        price=_price(members[-1]),
        score="" if told == NOT_MEASURED else _text(f"{score.head} {told}"),
        words=_searched(line.members),
    )


def _searched(members: list[Row]) -> str:
    """Software, settings, tags and remarks, once each."""
    told = [
        word
        for row in members
        for word in (row.software, row.settings, *row.tags, row.remark, row.note)
        if word
    ]
    return printable.line(" ".join(dict.fromkeys(told)), 3 * LONGEST)


def _price(values: Values) -> str:
    """What the cost stands on; empty where there is none."""
    if values[_PRICE.key] is None:
        return ""
    told = values["price_from"]
    return _text(f"{_PRICE.text(values)} an hour{f' ({told})' if told else ''}")


def _instance(result: Result) -> str:
    host = result.launch.host_type if result.launch else None
    return _text(host.name) if host and host.name else ""


def _rest(words: str, workload: str) -> str:
    """What is said of the work besides its name, which stands alone."""
    return words.removeprefix(f"{workload} · ")


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _doubts(told: Manifest) -> list[str]:
    found = [f"unfinished: {things(len(told.left), 'job')} without an end"] if told.left else []
    found += [f"damaged results: {len(told.damaged)}"] if told.damaged else []
    changed = ", ".join(told.sources_changed)
    return found + ([_text(f"sources not as they ran: {changed}")] if changed else [])


def _text(words: str) -> str:
    return printable.line(words, LONGEST)
