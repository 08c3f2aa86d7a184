"""Every run for the page: its row as columns, and what its drawer shows as shared parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.report import commands
from harness.report.packing import Pool, pack, short
from harness.tables.column import Column, Values
from harness.tables.columns import COLUMNS
from harness.tables.rows import Row
from harness.tables.score_columns import of_rows
from runner.contract.result import Result


def columns(rows: Sequence[Row]) -> dict[str, dict[str, list[Any]]]:
    """Every column by its key, packed; of findings their number, and not the failure.

    The page has both in the details of a run.
    """
    made = {
        column.key: pack([row.values[column.key] for row in rows])
        for column in COLUMNS
        if column.key not in ("findings", "failure")
    }
    return {**made, "findings": {"v": [len(row.findings) for row in rows]}}


def fields(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What the page has to know of every column to print and to sort it, in their order.

    What no result tells and the reader did not bring is shown nowhere.
    """
    lacking = {
        column.key
        for column in COLUMNS
        if column.brought and all(row.values[column.key] is None for row in rows)
    }
    return [
        field(replace(column, shown={}) if column.key in lacking else column) for column in COLUMNS
    ]


def scores(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The column of the score as each metric has it, by the metric."""
    metrics: dict[str, list[Values]] = {}
    for row in rows:
        if row.values["metric"] is not None:
            metrics.setdefault(row.values["metric"], []).append(row.values)
    return {metric: field(of_rows(members)) for metric, members in metrics.items()}


def field(column: Column) -> dict[str, Any]:
    """One column as plain data."""
    return {
        "key": column.key,
        "title": column.title,
        "head": column.head,
        "definition": column.definition,
        "unit": column.unit,
        "unit_in_cell": column.unit_in_cell,
        "digits": column.digits,
        "divisor": column.divisor,
        "grouped": column.grouped,
        "better": column.better,
        "only": dict(column.only),
        "shown": dict(column.shown),
        "beside": column.beside,
        "joint": column.joint,
    }


def details(results: Sequence[Result]) -> dict[str, Any]:
    """For each run the numbers of its parts in ``texts``, which are JSON.

    ``parts`` are pins, provenance, the live process, host, GPUs, isolation and launch;
    ``findings`` a list; ``failure`` one or -1; ``rerun`` the command; ``epochs`` duration and
    loss of each, one after the other.
    """
    pool = Pool()
    parts: dict[str, list[int]] = {name: [] for name in _READS}
    findings, failures, reruns, epochs = [], [], [], []
    for result in results:
        for name, read in _READS.items():
            part = read(result)
            parts[name].append(-1 if part is None else pool.add(part.model_dump_json()))
        findings.append([pool.add(finding.model_dump_json()) for finding in result.findings])
        failures.append(pool.add(result.failure.model_dump_json()) if result.failure else -1)
        reruns.append(pool.add(commands.command(result.job)))
        laps = result.measurement.laps if result.measurement else []
        epochs.append([short(figure) for lap in laps for figure in (lap.duration_s, lap.loss)])
    return {
        "texts": pool.texts(),
        "parts": parts,
        "findings": findings,
        "failure": failures,
        "rerun": reruns,
        "epochs": epochs,
    }


_READS: dict[str, Any] = {
    "pins": lambda result: result.job.pins,
    "provenance": lambda result: result.job.provenance,
    "attestation": lambda result: result.measurement and result.measurement.attestation,
    "host": lambda result: result.measurement and result.measurement.host,
    "gpu": lambda result: result.measurement and result.measurement.gpu,
    "isolation": lambda result: result.measurement and result.measurement.isolation,
    "launch": lambda result: result.launch,
}
