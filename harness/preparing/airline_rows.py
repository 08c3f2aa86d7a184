"""Rows and labels of benchm-ml's airline data: did a flight leave 15 minutes late, or more?

S. Pafka's benchm-ml (2015) drew flights of 2005 and 2006 to train with, and 100,000 of 2007 for the
test, from the table of the U.S. Bureau of Transportation Statistics. A line is
``c-8,c-21,c-7,1934,AA,ATL,DFW,732,N``: month, day, weekday, hour and minute of the departure,
carrier, origin, destination, miles, and whether it was late. The departure is the actual one, as
benchm-ml has it: it tells some of the delay.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.airline_columns import AIRPORTS, CARRIERS, COLUMNS, LEVELS, MOST
from harness.preparing import csv_lines
from harness.preparing.csv_lines import within
from runner.contract.idx_header import Kind, header

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NEEDED = (
    "Month", "DayofMonth", "DayOfWeek", "DepTime", "UniqueCarrier", "Origin", "Dest", "Distance",
    "dep_delayed_15min",
)  # fmt: skip
_LATE = {"Y": 1, "N": 0}
_MANY = 10_000
_WHOLE = re.compile(r"\s*-?[0-9]{1,9}\s*")


class _Levels:
    """Levels of a kind, numbered as they come."""

    def __init__(self, what: str, room: int) -> None:
        self._what, self._room = what, room
        self._numbers: dict[str, int] = {}

    def number(self, level: str) -> int:
        """Of a level.

        Raises:
            ValueError: it is none, or there are too many.
        """
        if not level or level == "NA":
            raise ValueError(f"{level or 'nothing'} among {self._what}")
        return within(
            self._numbers.setdefault(level, len(self._numbers)), _MANY, f"number of {self._what}"
        )

    def __len__(self) -> int:
        return len(self._numbers)

    def codes(self, known: int) -> npt.NDArray[np.int16]:
        """The code of each number: of the first ``known`` their places by name, from 1 on.

        Raises:
            ValueError: there are more than codes.
        """
        import numpy as np  # noqa: PLC0415 - few commands need it

        if known >= self._room:
            raise ValueError(f"{known} {self._what} to train with, not at most {self._room - 1}")
        names = list(self._numbers)
        places = {name: place for place, name in enumerate(sorted(names[:known]), 1)}
        return np.array([places.get(name, 0) for name in names], np.int16)


def rows(source: Mapping[str, bytes], counts: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """The four files, by name.

    Args:
        source: the contents of the two tables, by name.
        counts: how many rows each has, by name: the one to train with comes first.

    Raises:
        ValueError: a table is not as it should be.
    """
    import numpy as np  # noqa: PLC0415 - few commands need it

    carriers, airports = _Levels("carriers", CARRIERS), _Levels("airports", AIRPORTS)
    (train, count), (test, tests) = counts.items()
    read = [_table(source[train], train, count, carriers, airports)]
    known = len(carriers), len(airports)
    read.append(_table(source[test], test, tests, carriers, airports))
    of_carriers, of_airports = carriers.codes(known[0]), airports.codes(known[1])
    for split, (values, labels) in zip(("train", "test"), read, strict=True):
        table = np.frombuffer(values, np.int16).reshape(-1, len(COLUMNS)).copy()
        table[:, 4] = of_carriers[table[:, 4]]
        table[:, 5:7] = of_airports[table[:, 5:7]]
        stored = header(table.shape, Kind.SHORT) + table.astype(">i2").tobytes()
        yield f"{split}-rows-idx2-short", stored
        yield f"{split}-labels-idx1-ubyte", header((len(labels),)) + bytes(labels)


def _table(
    content: bytes, file: str, count: int, carriers: _Levels, airports: _Levels
) -> tuple[array[int], bytearray]:
    """Values row by row as COLUMNS has them, levels by their numbers, and labels."""
    values, labels = array("h"), bytearray()
    for number, line in csv_lines.chosen(content, file, _NEEDED):
        try:
            month, day, weekday, departure, carrier, origin, destination, distance, late = line
            values.extend((
                _code(month, "month"), _code(day, "day"), _code(weekday, "weekday"),
                _number(departure, "departure"), carriers.number(carrier),
                airports.number(origin), airports.number(destination),
                _number(distance, "distance"),
            ))  # fmt: skip
            if late not in _LATE:
                raise ValueError(f"late is {late[:20]!r}, not Y or N")
            labels.append(_LATE[late])
        except ValueError as error:
            raise ValueError(f"{file}, line {number}: {error}") from None
    if len(labels) != count:
        raise ValueError(f"{file} has {len(labels):,} flights, not {count:,}")
    if len(set(labels)) < 2:
        raise ValueError(f"{file}: {'all' if labels[0] else 'none'} of its flights are late")
    return values, labels


def _code(level: str, column: str) -> int:
    """From ``c-8`` to 7."""
    number = _whole(level.removeprefix("c-"), column)
    if not 1 <= number <= LEVELS[column]:
        raise ValueError(f"{column} {number} is not from 1 to {LEVELS[column]}")
    return number - 1


def _number(text: str, column: str) -> int:
    return within(_whole(text, column), MOST[column], column)


def _whole(text: str, column: str) -> int:
    """From ``732`` to 732."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{column} is {text[:20]!r}, not a number")
    return int(text)
