"""Texts as ids: what a model gets of them, and every way a file is wrong."""

from __future__ import annotations

import hashlib
import random
import struct

import numpy as np
import pytest

from runner.data.contents import DatasetError
from runner.data.text_format import Texts

TEXTS = Texts(words=9, length=4, tokens=3)
IDS = [(0, 1, 3, 8), (1, 2, 4, 5), (0, 0, 1, 7)]


def stored(folder, ids=IDS, labels=(0, 1, 1), texts=TEXTS):
    samples = [struct.pack(f">{len(row)}h", *row) for row in ids]
    contents = texts.files(samples, labels)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_network_gets_the_last_ids_as_integers(tmp_path):
    arrays = TEXTS.load(tmp_path, stored(tmp_path), None)
    assert arrays.train_inputs.tolist() == [[1, 3, 8], [2, 4, 5], [0, 1, 7]]
    assert arrays.test_inputs.tolist() == arrays.train_inputs.tolist()
    assert arrays.train_inputs.dtype == np.int32
    assert arrays.train_labels.tolist() == [0, 1, 1]
    assert TEXTS.noun == "texts"


def test_what_is_drawn_fits_the_table(tmp_path):
    samples = TEXTS.drawn(50, random.Random(1))
    rows = [struct.unpack(">4h", sample) for sample in samples]
    sums = stored(tmp_path, rows, [0] * 50)
    arrays = TEXTS.load(tmp_path, sums, None)
    assert arrays.train_inputs.tolist() == [list(row[-3:]) for row in rows]
    assert set(arrays.train_inputs.reshape(-1).tolist()) == set(range(9))
    assert len(set(samples)) > 45


@pytest.mark.parametrize(
    ("ids", "labels", "words"),
    [
        ([(0, 1, 3, 9)], [0], "train-ids-idx2-short: id 9, not from 0 to 8: of another table"),
        ([(0, 1, 3, -1)], [0], "train-ids-idx2-short: id -1, not from 0 to 8: of another table"),
        ([(9, 1, 3, 5)], [0], "id 9, not from"),  # beyond what the model gets
        ([(0, 1, 3, 8)], [2], "train-labels-idx1-ubyte: label 2 of 2 classes from 0"),
        (IDS, [0, 1], "has 3 samples, train-labels-idx1-ubyte 2 labels"),
    ],
)
def test_ids_and_labels_out_of_range_are_named(tmp_path, ids, labels, words):
    with pytest.raises(DatasetError, match=words):
        TEXTS.load(tmp_path, stored(tmp_path, ids, labels), None)


def test_texts_of_another_length_are_named(tmp_path):
    longer = Texts(words=9, length=5, tokens=3)
    sums = stored(tmp_path, [(0, 1, 2, 3, 4)], [0], longer)
    with pytest.raises(DatasetError, match="train-ids-idx2-short: ids of 5 values, not 4"):
        TEXTS.load(tmp_path, sums, None)
