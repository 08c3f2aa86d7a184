"""The airline data of benchm-ml, of whatever size: nobody published checksums of them.

Nor could anybody who wrote this have them: what is prepared of them is recorded when that is done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from harness.airline_columns import COLUMNS, TEST_ROWS
from harness.dataset_spec import DataFile, DatasetSpec, Source
from harness.idx_files import rows_and_labels

_FOLDER = "https://s3.amazonaws.com/benchm-ml--main/"
_TEST = "test.csv"
_ROW_BYTES, _HEAD_BYTES = 60, 200
"""Of the longest row that there can be; most have 40. And of the names of the columns."""


def of(
    *,
    name: str,
    title: str,
    train: str,
    rows: int,
    prepare: Callable[..., Iterator[tuple[str, bytes]]],
    test_rows: int = TEST_ROWS,
) -> DatasetSpec:
    """The dataset whose training rows are those of the file ``train``.

    ``prepare`` makes its files of the contents of both tables, and of how many rows each has.
    """
    counts = {train: rows, _TEST: test_rows}
    shipped, beside = (
        DataFile(file, "", _HEAD_BYTES + count * _ROW_BYTES) for file, count in counts.items()
    )
    return DatasetSpec(
        name=name,
        title=title,
        holds="flights in the USA, 2005 to 2007: which leave 15 minutes late, or more?",
        source="U.S. Bureau of Transportation Statistics, drawn by S. Pafka for benchm-ml (2015)",
        licence="none stated",
        train_samples=rows,
        test_samples=test_rows,
        sample_shape=(len(COLUMNS),),
        classes=2,
        files=rows_and_labels(rows, test_rows, len(COLUMNS), ("", "", "", "")),
        made_from=Source(
            files=(shipped, beside),
            shipped=shipped,
            beside=(beside,),
            urls=(f"{_FOLDER}{train}",),
        ),
        prepare=functools.partial(prepare, counts=counts),
    )
