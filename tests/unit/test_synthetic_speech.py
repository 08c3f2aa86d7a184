"""Generated words: the same bytes everywhere, told apart by the order of their sounds."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from harness.generators import formant_words
from harness.generators.bitstream import noise
from harness.provision import discovery

SPEC = discovery.load("synthetic-speech")
SOME = np.arange(120, dtype=np.uint64)


@pytest.fixture(scope="module")
def some():
    return formant_words.clips(SOME, formant_words.TRAIN_STREAM)


def test_a_word_depends_on_its_number_only(some):
    clips, labels = some
    few, few_labels = formant_words.clips(SOME[100:], formant_words.TRAIN_STREAM)
    assert np.array_equal(few, clips[100:])
    assert np.array_equal(few_labels, labels[100:])
    others, _ = formant_words.clips(SOME[:1], formant_words.TEST_STREAM)
    assert not np.array_equal(others[0], clips[0])


def test_the_first_are_the_pinned_ones(some):
    made, labels = formant_words.make(24, formant_words.TRAIN_STREAM)
    assert np.array_equal(labels, some[1][:24])
    assert hashlib.sha256(made.astype("<i2").tobytes()).hexdigest() == (
        "37764fb7924e4dc2e7cd64bd88b94239c9ca0130a2687cb6599778f19bef70fe"
    )


def test_words_come_in_pairs_of_the_same_sounds():
    assert len(set(formant_words.WORDS)) == SPEC.classes
    first, second = formant_words.WORDS[::2], formant_words.WORDS[1::2]
    assert [sorted(word) for word in first] == [sorted(word) for word in second]


def test_every_class_is_there_and_no_clip_is_silent_or_cut(some):
    clips, labels = some
    assert set(labels) == set(range(SPEC.classes))
    loudest = np.abs(clips.astype(int)).max(axis=1)
    assert loudest.min() > 1_000
    assert loudest.max() < 32_767


def test_noise_is_even_and_another_for_every_number():
    made = noise(5, SOME, 400)
    assert made.shape == (120, 400)
    assert -32_768 <= made.min() < -32_000
    assert 32_000 < made.max() <= 32_767
    assert abs(made.mean()) < 500
    assert len(np.unique(made[:, 0])) > 100
