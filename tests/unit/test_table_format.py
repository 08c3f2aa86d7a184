"""Rows of a table: what a network and what a forest get of them, and every way a file is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import struct

import numpy as np
import pytest

from runner.data.contents import DatasetError
from runner.data.table_format import Levels, Quantity, Table

TABLE = Table(
    (Levels("colour", 3), Quantity("size", 99, 50.0), Quantity("weight", 999, 4.0, True)), 2
)
ROWS = [(0, 50, 0), (2, 25, 99), (1, 0, 999)]


def stored(folder, rows=ROWS, labels=(0, 1, 1), table=TABLE):
    samples = [struct.pack(f">{len(row)}h", *row) for row in rows]
    contents = table.files(samples, labels)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_network_gets_levels_one_hot_and_numbers_scaled(tmp_path):
    arrays = TABLE.load(tmp_path, stored(tmp_path), None)
    wanted = [[1, 0, 0, 1, 0], [0, 0, 1, 0.5, 0.5], [0, 1, 0, 0, 0.75]]
    assert TABLE.width == 5
    assert arrays.train_inputs.dtype == np.float32
    assert arrays.train_inputs == pytest.approx(np.array(wanted))
    assert arrays.test_inputs == pytest.approx(np.array(wanted))
    assert arrays.train_labels.tolist() == [0, 1, 1]
    assert arrays.train_labels.dtype == np.int64


def test_a_forest_gets_the_codes_as_they_lie_in_the_file(tmp_path):
    arrays = TABLE.load_stored(tmp_path, stored(tmp_path), 2)
    assert arrays.train_inputs.tolist() == [list(row) for row in ROWS[:2]]
    assert arrays.train_inputs.dtype == np.int16
    assert arrays.test_inputs.tolist() == [list(row) for row in ROWS]


def test_what_is_drawn_fits_the_table_and_is_read_back(tmp_path):
    samples = TABLE.drawn(200, random.Random(1))
    rows = [struct.unpack(">3h", sample) for sample in samples]
    arrays = TABLE.load_stored(tmp_path, stored(tmp_path, rows, [0, 1] * 100), None)
    assert arrays.train_inputs.tolist() == [list(row) for row in rows]
    assert {row[0] for row in rows} == {0, 1, 2}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(3, 0, 0)], "column colour has 3, not 0 to 2: of another table of levels"),
        ([(-1, 0, 0)], "column colour has -1, not 0 to 2"),
        ([(0, 100, 0)], "column size has 100, not 0 to 99"),
        ([(0, 0)], "rows of 2 values, not 3"),
    ],
)
def test_rows_of_another_table_are_refused(tmp_path, rows, message):
    with pytest.raises(DatasetError, match=message):
        TABLE.load(
            tmp_path,
            stored(
                tmp_path,
                rows,
                [0],
                dataclasses.replace(TABLE, columns=TABLE.columns[: len(rows[0])]),
            ),
            None,
        )


def test_labels_out_of_range_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="label 2 of 2 classes from 0"):
        TABLE.load(tmp_path, stored(tmp_path, labels=(0, 1, 2)), None)


def test_shorts_are_not_taken_for_bytes(tmp_path):
    expected = stored(tmp_path)
    rows_name = TABLE.stored.sets[0].samples
    content = (tmp_path / rows_name).read_bytes()
    narrower = content[:2] + b"\x08" + content[3:]
    (tmp_path / rows_name).write_bytes(narrower)
    expected[rows_name] = hashlib.sha256(narrower).hexdigest()
    with pytest.raises(DatasetError, match="not an IDX file of 16-bit integers in 2 dimensions"):
        TABLE.load(tmp_path, expected, None)
    cut = content[:-1]
    (tmp_path / rows_name).write_bytes(cut)
    expected[rows_name] = hashlib.sha256(cut).hexdigest()
    with pytest.raises(DatasetError, match="17 bytes of data, its header says 18"):
        TABLE.load(tmp_path, expected, None)
