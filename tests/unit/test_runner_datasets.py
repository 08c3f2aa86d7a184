"""The arrays of a job: shapes, types, scale, and every way a file can be wrong."""

from __future__ import annotations

import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.provision import discovery
from runner.data.contents import DatasetError
from runner.data.picture_format import Pictures
from runner.networks.proof import Few
from runner.workloads import lookup

FILES = dict(
    zip(("train_inputs", "train_labels", "test_inputs", "test_labels"),
        (file.name for file in discovery.load("mnist").files), strict=True)
)  # fmt: skip
MNIST = Pictures((28, 28, 1), 10)


def load(data_dir, expected, train_samples=None):
    return MNIST.load(data_dir, expected, train_samples)


def _idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def _contents(train: int = 6, test: int = 3) -> dict[str, bytes]:
    pixels = np.random.RandomState(1).randint(0, 256, (train + test, 28, 28)).astype(np.uint8)
    pixels[0, 0, :2] = 0, 255
    labels = (np.arange(train + test) % 10).astype(np.uint8)
    return {
        FILES["train_inputs"]: _idx(pixels[:train]),
        FILES["train_labels"]: _idx(labels[:train]),
        FILES["test_inputs"]: _idx(pixels[train:]),
        FILES["test_labels"]: _idx(labels[train:]),
    }


def _write(folder: Path, contents: dict[str, bytes], packed: bool = False) -> dict[str, str]:
    for name, content in contents.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_have_the_promised_types_and_scale(tmp_path: Path, packed: bool) -> None:
    arrays = load(str(tmp_path), _write(tmp_path, _contents(), packed))
    assert arrays.train_inputs.shape == (6, 28, 28, 1)
    assert arrays.test_inputs.shape == (3, 28, 28, 1)
    assert arrays.train_inputs.dtype == arrays.test_inputs.dtype == np.float32
    assert arrays.train_labels.dtype == arrays.test_labels.dtype == np.int64
    assert arrays.train_inputs[0, 0, :2, 0].tolist() == [0.0, 1.0]
    assert arrays.train_inputs.max() == 1.0
    assert arrays.train_labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert arrays.test_labels.tolist() == [6, 7, 8]


def test_a_raw_file_goes_before_a_compressed_one(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    for name in expected:
        (tmp_path / f"{name}.gz").write_bytes(b"rubbish")
    assert len(load(tmp_path, expected).train_labels) == 6


def test_train_samples_takes_the_first(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    arrays = load(tmp_path, expected, train_samples=2)
    everything = load(tmp_path, expected)
    assert np.array_equal(arrays.train_inputs, everything.train_inputs[:2])
    assert arrays.train_labels.tolist() == [0, 1]
    assert len(arrays.test_labels) == 3


@pytest.mark.parametrize("count", [7, 0])
def test_train_samples_out_of_range(tmp_path: Path, count: int) -> None:
    with pytest.raises(DatasetError, match=rf"{count} training samples asked for, .* has 6"):
        load(tmp_path, _write(tmp_path, _contents()), train_samples=count)


def test_missing_file_is_named(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    (tmp_path / FILES["test_labels"]).unlink()
    with pytest.raises(DatasetError, match="neither t10k-labels-idx1-ubyte nor"):
        load(tmp_path, expected)


def test_checksum_mismatch_names_file_and_both_sums(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    path = tmp_path / FILES["train_inputs"]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DatasetError) as error:
        load(tmp_path, expected)
    assert str(path) in str(error.value)
    assert hashlib.sha256(bytes(content)).hexdigest() in str(error.value)
    assert expected[path.name] in str(error.value)


def test_checksum_must_be_stated(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    del expected[FILES["train_labels"]]
    with pytest.raises(DatasetError, match="states no checksum for train-labels"):
        load(tmp_path, expected)


@pytest.mark.parametrize("damage", ["not gzip", "cut off", "bad stream"])
def test_damaged_gzip_is_named(tmp_path: Path, damage: str) -> None:
    expected = _write(tmp_path, _contents(), packed=True)
    path = tmp_path / f"{FILES['test_inputs']}.gz"
    content = path.read_bytes()
    damaged = {
        "not gzip": b"<html>403</html>",
        "cut off": content[: len(content) // 2],
        "bad stream": content[:10] + b"\xff" * 40 + content[50:],
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte\.gz: cannot be read"):
        load(tmp_path, expected)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train_inputs", b"\0\0\x0d\x03" + b"\0" * 12, "not an IDX file of bytes in 3 dimensions"),
        ("train_inputs", b"\0\0", "not an IDX file"),
        ("train_labels", _idx(np.zeros((6, 1), np.uint8)), "in 1 dimensions"),
        ("train_labels", _idx(np.zeros(6, np.uint8)) + b"x", "7 bytes of data, its header says 6"),
        ("train_labels", _idx(np.zeros(5, np.uint8)), "has 6 samples, .* 5"),
        ("train_labels", _idx(np.full(6, 10, np.uint8)), "label 10 of 10 classes"),
        ("test_inputs", _idx(np.zeros((3, 14, 56), np.uint8)), "images of 14x56 values, not 28x28"),
        ("test_inputs", _idx(np.zeros((0, 28, 28), np.uint8)), "has 0 samples"),
    ],
)
def test_malformed_files_with_a_right_checksum(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    expected = _write(tmp_path, {**_contents(), FILES[name]: content})
    with pytest.raises(DatasetError, match=message):
        load(tmp_path, expected)


def test_real_mnist(mnist_dir: Path) -> None:
    arrays = load(mnist_dir, discovery.load("mnist").sha256)
    assert arrays.train_inputs.shape == (60_000, 28, 28, 1)
    assert arrays.test_inputs.shape == (10_000, 28, 28, 1)
    assert arrays.train_inputs.mean() == pytest.approx(0.1307, abs=1e-4)
    assert arrays.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert arrays.test_labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_of_many_training_images_a_few_are_spread_over_all(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    everything = MNIST.load(tmp_path, expected, 5)
    few = MNIST.load(tmp_path, expected, 5, most_train=3)
    assert np.array_equal(few.train_inputs, everything.train_inputs[[0, 2, 4]])
    assert len(few) == 3
    assert len(few.test_labels) == 3


def test_a_workload_may_be_evaluated_on_a_part_of_the_test(tmp_path: Path, make_result) -> None:
    whole = lookup.load("cnn-mnist")
    few = replace(whole, judged=Few(test=2, train=3, untrained=1))
    expected = _write(tmp_path, _contents())
    job = make_result(job={"data_dir": str(tmp_path), "dataset_sha256": expected}).job
    job = job.model_copy(update={"train_samples": None})
    everything, trainers, judges = whole.load(job), few.load(job), few.evidence(job)
    for part in (trainers, judges):
        assert np.array_equal(part.test_inputs, everything.test_inputs[[0, 2]])
        assert np.array_equal(part.test_labels, everything.test_labels[[0, 2]])
    assert (len(trainers), len(judges)) == (6, 3)
    assert [few.test_samples_of(count) for count in (1, 2, 3)] == [1, 2, 2]
    assert whole.test_samples_of(3) == 3


def test_the_workload_says_what_the_pictures_are(tmp_path: Path) -> None:
    expected = _write(tmp_path, _contents())
    with pytest.raises(DatasetError, match="images of 28x28 values, not 32x32"):
        Pictures((32, 32, 1), 10).load(tmp_path, expected, None)
    with pytest.raises(DatasetError, match="of 2 classes"):
        Pictures((28, 28, 1), 2).load(tmp_path, expected, None)
