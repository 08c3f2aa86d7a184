"""The table of benchm-ml (S. Pafka, 2015): was a flight in the USA late at departure?

Codes of carriers and airports are those of the training rows, 0 any other; there is room for more
levels than there are, since they are numbered when the files are prepared.
"""

from __future__ import annotations

from runner.data.table_format import Levels, Quantity, Table

AIRLINE = Table(
    columns=(
        Levels("month", 12),
        Levels("day", 31),
        Levels("weekday", 7),
        Quantity("departure", most=4799, scale=2400.0),  # hours and minutes: 1934 is 19:34
        Levels("carrier", 32),
        Levels("origin", 400),
        Levels("destination", 400),
        Quantity("distance", most=6000, scale=4.0, logarithm=True),  # miles
    ),
    classes=2,
)
"""Class 1: it left 15 minutes late or more."""
