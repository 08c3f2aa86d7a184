"""Where benchm-ml's airline data come from. Nobody published checksums of them."""

from __future__ import annotations

from harness.dataset_spec import DataFile, Source

_FOLDER = "https://s3.amazonaws.com/benchm-ml--main/"
_ROW_BYTES, _HEAD_BYTES = 60, 200
"""Of the longest row that there can be; most have 40. And of the names of the columns."""

TEST = "test.csv"


def source(train: str, rows: int, test_rows: int) -> Source:
    """The file of training rows, and the one of test rows beside it."""
    files = [
        DataFile(name, "", _HEAD_BYTES + count * _ROW_BYTES)
        for name, count in ((train, rows), (TEST, test_rows))
    ]
    shipped, beside = files
    return Source(
        files=(shipped, beside), shipped=shipped, beside=(beside,), urls=(f"{_FOLDER}{train}",)
    )
