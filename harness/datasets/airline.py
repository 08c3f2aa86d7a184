"""The airline data of benchm-ml: flights in the USA, 100,000 to train with."""

from __future__ import annotations

from harness import airline_dataset
from harness.preparing import airline_rows

DATASET = airline_dataset.of(
    name="airline",
    title="benchm-ml's airline data",
    train="train-0.1m.csv",
    rows=100_000,
    prepare=airline_rows.rows,
)
