"""A text of characters: its windows, what comes next in each, and every way a file is wrong."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest

from runner.contract.idx_header import header
from runner.data.character_format import FILES, Windows
from runner.data.contents import DatasetError

WINDOWS = Windows(characters=12, block=3)
TEXT = bytes([4, 1, 2, 3, 0, 5, 6, 7, 8, 11, 10])


def stored(folder, train=TEXT, test=TEXT):
    """Writes both files; their checksums by name."""
    sums = {}
    for name, text in zip(FILES, (train, test), strict=True):
        content = header((len(text),)) + text
        (folder / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    return sums


def test_the_label_of_each_character_is_the_next(tmp_path):
    arrays = WINDOWS.load(tmp_path, stored(tmp_path), None)
    assert arrays.train_inputs.tolist() == [[4, 1, 2], [3, 0, 5], [6, 7, 8]]
    assert arrays.train_labels.tolist() == [[1, 2, 3], [0, 5, 6], [7, 8, 11]]
    assert arrays.test_inputs.tolist() == arrays.train_inputs.tolist()
    assert (arrays.train_inputs.dtype, arrays.train_labels.dtype) == (np.int32, np.int64)
    assert len(arrays) == WINDOWS.train_count(len(TEXT)) == 3


def test_a_last_window_without_a_next_character_is_dropped(tmp_path):
    whole = Windows(characters=12, block=5)
    arrays = whole.load(tmp_path, stored(tmp_path, TEXT[:10], TEXT), None)
    assert arrays.train_inputs.tolist() == [list(TEXT[:5])]
    assert arrays.test_inputs.tolist() == [list(TEXT[:5]), list(TEXT[5:10])]
    assert (whole.count(10), whole.count(11), whole.count(0)) == (1, 2, 0)


def test_the_first_so_many_train(tmp_path):
    text = bytes(number % 12 for number in range(100))
    few = Windows(characters=12, block=3, train_windows=10)
    sums = stored(tmp_path, text, text)
    arrays = few.load(tmp_path, sums, None)
    assert arrays.train_inputs[:, 0].tolist() == [3 * number % 12 for number in range(10)]
    assert len(arrays.test_inputs) == few.count(100) == 33
    assert (few.train_count(100), few.train_count(20)) == (10, 6)
    assert few.load(tmp_path, sums, 4).train_inputs.tolist() == arrays.train_inputs[:4].tolist()
    evenly = few.load(tmp_path, sums, None, most_train=2)
    assert evenly.train_inputs.tolist() == arrays.train_inputs[[0, 9]].tolist()
    with pytest.raises(DatasetError, match="11 training samples asked for"):
        few.load(tmp_path, sums, 11)


def test_what_is_drawn_is_read_back_with_its_successors(tmp_path):
    samples = WINDOWS.drawn(50, random.Random(1))
    sums = {}
    for name, content in WINDOWS.files(samples, [0] * 50).items():
        (tmp_path / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    arrays = WINDOWS.load(tmp_path, sums, None)
    assert arrays.train_inputs.tolist() == [list(sample) for sample in samples]
    text = [*b"".join(samples), samples[0][0]]
    assert arrays.train_labels.ravel().tolist() == text[1:]
    assert set(text) == set(range(12))


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (bytes([1, 2, 12, 3]), TEXT, "character 12 of 12 from 0: of another table of characters"),
        (TEXT, bytes([1, 2, 250, 3]), "test-characters.*character 250 of 12"),
        (bytes(3), TEXT, "3 characters give no window of 3"),
        (b"", TEXT, "0 characters give no window"),
    ],
)
def test_texts_that_cannot_be_are_refused(tmp_path, train, test, message):
    with pytest.raises(DatasetError, match=message):
        WINDOWS.load(tmp_path, stored(tmp_path, train, test), None)


def test_a_table_is_not_taken_for_a_text(tmp_path):
    sums = stored(tmp_path)
    content = header((3, 2)) + bytes(6)
    (tmp_path / FILES[0]).write_bytes(content)
    sums[FILES[0]] = hashlib.sha256(content).hexdigest()
    with pytest.raises(DatasetError, match="not an IDX file of bytes in 1 dimensions"):
        WINDOWS.load(tmp_path, sums, None)
