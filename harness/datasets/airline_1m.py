"""The airline data of benchm-ml: flights in the USA, a million to train with."""

from __future__ import annotations

from harness import airline_dataset
from harness.preparing import airline_rows

DATASET = airline_dataset.of(
    name="airline-1m",
    title="benchm-ml's airline data, a million rows",
    train="train-1m.csv",
    rows=1_000_000,
    prepare=airline_rows.rows,
)
