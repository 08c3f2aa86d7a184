"""The airline data of benchm-ml: flights in the USA, a million to train with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness import airline_source
from harness.airline_columns import COLUMNS, TEST_ROWS
from harness.dataset_spec import DatasetSpec
from harness.idx_files import rows_and_labels

_TRAIN, _ROWS = "train-1m.csv", 1_000_000


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import airline_rows  # noqa: PLC0415 - NumPy, which few commands need

    return airline_rows.rows(source, _TRAIN, _ROWS, TEST_ROWS)


DATASET = DatasetSpec(
    name="airline-1m",
    title="benchm-ml's airline data, a million rows",
    holds="flights in the USA, 2005 to 2007: which leave 15 minutes late, or more?",
    source="U.S. Bureau of Transportation Statistics, drawn by S. Pafka for benchm-ml (2015)",
    licence="none stated",
    train_samples=_ROWS,
    test_samples=TEST_ROWS,
    sample_shape=(len(COLUMNS),),
    classes=2,
    # Nobody who wrote this could have the files, and nobody published checksums of them. What is
    # prepared of them is recorded when that is done.
    files=rows_and_labels(_ROWS, TEST_ROWS, len(COLUMNS), ("", "", "", "")),
    made_from=airline_source.source(_TRAIN, _ROWS, TEST_ROWS),
    prepare=_prepare,
)
