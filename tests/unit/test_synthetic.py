"""The stand-in's digits: the same bytes everywhere, and pictures like MNIST's."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from small_data import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS

from harness.generators import bitstream, digits, glyphs
from harness.provision import discovery

SPEC = discovery.load("synthetic-mnist")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(SPEC.generate())


def _images(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)


def test_bit_stream_is_the_published_splitmix64() -> None:
    # The first outputs of SplitMix64 seeded with 0, from its authors' reference program.
    counters = np.arange(1, 4, dtype=np.uint64)
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert bitstream.words(0, counters).tolist() == published


def test_bell_has_the_promised_spread_and_middle() -> None:
    values = bitstream.bell(9, np.arange(200_000, dtype=np.uint64))
    assert abs(values.std() / bitstream.SPREAD - 1) < 0.01
    assert abs(values.mean()) < 500


@pytest.mark.slow
def test_files_are_the_pinned_ones(files: dict[str, bytes]) -> None:
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert list(sums.items()) == list(SPEC.sha256.items())
    assert [len(content) for content in files.values()] == [f.size_bytes for f in SPEC.files]


@pytest.mark.slow
def test_pictures_and_labels_are_like_mnist(files: dict[str, bytes]) -> None:
    images = _images(files[TRAIN_IMAGES])
    labels = np.frombuffer(files[TRAIN_LABELS], np.uint8, offset=8)
    assert images.shape == (60_000, 28, 28)
    assert _images(files[TEST_IMAGES]).shape == (10_000, 28, 28)
    counts = np.bincount(labels)
    assert len(counts) == 10
    assert counts.min() > 5_500
    scaled = images.astype(np.float32) / 255  # MNIST: mean 0.131, spread 0.308, 19 % ink
    assert scaled.mean() == pytest.approx(0.131, abs=0.01)
    assert scaled.std() == pytest.approx(0.308, abs=0.02)
    assert (images > 0).mean() == pytest.approx(0.19, abs=0.02)
    assert images.max() == 255
    border = images[:, [0, -1], :]
    assert (border > 0).mean() < 0.01


@pytest.mark.slow
def test_no_picture_is_in_both_sets(files: dict[str, bytes]) -> None:
    train, test = _images(files[TRAIN_IMAGES]), _images(files[TEST_IMAGES])
    seen = {picture.tobytes() for picture in train}
    assert len(seen) == len(train)
    assert not seen & {picture.tobytes() for picture in test}


@pytest.mark.slow
def test_digits_can_be_told_apart_but_not_trivially(files: dict[str, bytes]) -> None:
    """A linear classifier fitted to 5,000 pictures: about 12 % errors on MNIST itself."""

    def split(images: str, labels: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = _images(files[images])[:count].reshape(count, -1) / 255.0
        return pixels, np.frombuffer(files[labels], np.uint8, count, 8)

    x, y = split(TRAIN_IMAGES, TRAIN_LABELS, 5_000)
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(784), x.T @ (np.eye(10)[y] - 0.1))
    x, y = split(TEST_IMAGES, TEST_LABELS, 5_000)
    error = ((x @ weights).argmax(1) != y).mean()
    assert 0.02 < error < 0.25


@pytest.mark.slow
def test_a_picture_depends_on_its_number_only() -> None:
    many, labels = digits.make(1_201, digits.TEST_STREAM)
    few, few_labels = digits.make(7, digits.TEST_STREAM)
    assert np.array_equal(many[:7], few)
    assert np.array_equal(labels[:7], few_labels)


@pytest.mark.slow
def test_master_copies_are_different_handwritings_within_the_cutoff() -> None:
    fields = glyphs.masters()
    assert fields.shape == (10 * glyphs.COPIES, glyphs.SIDE, glyphs.SIDE)
    assert fields.min() >= 0
    assert fields.max() == glyphs.FAR
    assert len({field.tobytes() for field in fields}) == len(fields)
