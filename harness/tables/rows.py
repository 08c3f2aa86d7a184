"""A result as one flat row: what tables are made of. What was not measured is None, never 0."""

from __future__ import annotations

from collections.abc import Mapping

from harness.tables.column import Value
from harness.tables.columns import COLUMNS
from harness.tables.kinds import Kind
from runner.contract.result import Result


class Row:
    """One run: every column is an attribute, and all of them are ``values``, by key.

    Declared here is what code reads by name; what is only shown is read through its column.
    ``kind`` is what its captions are made of.
    """

    run_id: str
    campaign_id: str
    backend: str
    tool: str
    mode: str
    variant: str
    workload: str
    dataset: str
    launcher: str
    device: str
    status: str
    time_s: float | None
    first_epoch_s: float | None
    steady_epoch_s: float | None
    after_last_lap_s: float | None
    import_s: float | None
    build_s: float | None
    compile_s: float | None
    time_and_compile_s: float | None
    evaluate_s: float | None
    total_s: float | None
    gpus_visible: int | None
    gpu_name: str | None
    epochs: int | None
    budget: int
    budget_unit: str
    train_samples: int | None
    threads: int | None
    ranks: int | None
    batch_per_gpu: int | None
    batch_size: int | None
    repeat: int
    precision: str
    layout: str | None
    convolutions: str | None
    overrides: str
    software: str
    settings: str
    image_id: str | None
    locks_sha256: str | None
    runner_sha256: str | None
    harness: str | None
    note: str | None
    machine: str | None
    origin: str | None
    kernel: str | None
    gpu_driver: str | None
    findings: list[str]
    failure: str | None
    started_at: str
    tags: list[str]
    remark: str | None

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values
        vars(self).update(values)
        self.kind = Kind._make(values[name] for name in Kind._fields)

    def with_values(self, values: Mapping[str, Value]) -> Row:
        """The same row with these values by key in the place of its own."""
        return Row({**self.values, **values})

    def __repr__(self) -> str:
        return f"Row({self.values!r})"


def row(result: Result, beside: Mapping[str, Value] | None = None) -> Row:
    """The row of one result; ``beside``: values of columns that no result tells, by key."""
    values = {column.key: column.read(result) for column in COLUMNS if column.read}
    return Row({**values, **(beside or {})})
