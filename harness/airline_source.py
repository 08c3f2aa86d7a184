"""Where benchm-ml's airline data come from. Nobody published checksums of them."""

from __future__ import annotations

from harness.dataset_spec import DataFile, Source

_FOLDER = "https://s3.amazonaws.com/benchm-ml--main/"
_ROW_BYTES = 60
"""Of the longest row that there can be; most have 40."""

TEST = "test.csv"


def source(train: str, rows: int, test_rows: int) -> Source:
    """The file of training rows, and the one of test rows beside it."""
    files = DataFile(train, "", rows * _ROW_BYTES), DataFile(TEST, "", test_rows * _ROW_BYTES)
    return Source(files=files, shipped=files[0], beside=files[1:], urls=(f"{_FOLDER}{train}",))
