"""Clips as a network gets them, and the keyword spotter that takes them."""

from __future__ import annotations

import hashlib
import random
import struct

import numpy as np
import pytest

from harness import speech_clips
from runner.data.clip_format import Clips
from runner.data.contents import DatasetError
from runner.networks.layers import Dropout
from runner.workloads import lookup

CLIPS = Clips((2, 3), 4)
WORKLOAD = lookup.load("dscnn-speech")


def stored(folder, clips, labels):
    contents = CLIPS.files([struct.pack(">6h", *clip) for clip in clips], labels)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_an_input_is_doublings_from_the_middle_in_eighths(tmp_path):
    clip = [36 * 256, 44 * 256, 28 * 256, 36 * 256 + 1, 0, 57 * 256]
    arrays = CLIPS.load(tmp_path, stored(tmp_path, [clip, clip], [3, 0]), None)
    assert arrays.train_inputs.shape == (2, 2, 3, 1)
    assert arrays.train_inputs.dtype == np.float32
    assert arrays.train_inputs[0].reshape(-1).tolist() == [0, 1, -1, 1 / 2048, -4.5, 2.625]
    assert arrays.test_labels.tolist() == [3, 0]


def test_what_is_drawn_fits_the_format_and_is_like_speech(tmp_path):
    samples = CLIPS.drawn(20, random.Random(1))
    assert len(set(samples)) == 20
    expected = stored(tmp_path, [struct.unpack(">6h", sample) for sample in samples], [0] * 20)
    inputs = CLIPS.load(tmp_path, expected, None).train_inputs
    assert -0.5 <= inputs.min() < 0
    assert 1 < inputs.max() <= 1.5


@pytest.mark.parametrize(
    ("clip", "label", "message"),
    [
        ([0] * 5 + [-1], 0, "feature -1, not 0 to 14848: of another recipe"),
        ([0] * 5 + [14_849], 0, "feature 14849, not 0 to 14848"),
        ([0] * 6, 4, "label 4 of 4 classes"),
    ],
)
def test_what_no_clip_can_be_is_refused(tmp_path, clip, label, message):
    with pytest.raises(DatasetError, match=message):
        CLIPS.load(tmp_path, stored(tmp_path, [clip], [label]), None)


def test_the_spotter_is_that_of_mlperf_tiny_and_a_small_one_has_its_layers():
    network, small = WORKLOAD.network, WORKLOAD.small.network
    assert WORKLOAD.parameters() == 23_756
    assert network.numbers() - WORKLOAD.parameters() == 1_152
    assert [layer.rate for layer in network.layers if isinstance(layer, Dropout)] == [0.2, 0.4]
    assert {type(layer) for layer in small.layers} == {type(layer) for layer in network.layers}
    assert WORKLOAD.format.shape == speech_clips.SHAPE
    assert WORKLOAD.classes == speech_clips.CLASSES
