"""The columns of benchm-ml's airline data, and how many levels there is room for.

Nobody who wrote this had the files, so their levels could not be frozen: carriers and airports are
numbered when the files are prepared, those of the training rows in the order of their names from 1
on. Code 0 is any other.
"""

from __future__ import annotations

COLUMNS = (
    "month", "day", "weekday", "departure", "carrier", "origin", "destination", "distance",
)  # fmt: skip
"""``departure`` is the actual one, as hours and minutes (1934 is 19:34); ``distance`` is in miles;
the others are codes. ``month``, ``day`` and ``weekday`` count from 0."""

CARRIERS, AIRPORTS = 32, 400
"""Codes that there are: 0 and those of the levels. benchm-ml names some 20 and 300."""

LEVELS = {
    "month": 12, "day": 31, "weekday": 7, "carrier": CARRIERS, "origin": AIRPORTS,
    "destination": AIRPORTS,
}  # fmt: skip
"""How many codes each column has; those that are missing here are numbers."""

MOST = {"departure": 4799, "distance": 6000}
"""The largest number of a column: departures after midnight may be 24:10 and later."""

TEST_ROWS = 100_000
