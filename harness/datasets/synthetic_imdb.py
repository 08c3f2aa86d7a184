"""The stand-in for IMDB: generated texts of the same ids, types and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset_spec import DatasetSpec
from harness.datasets.imdb import DATASET as IMDB
from harness.idx_files import labelled
from runner.contract import labelled_files
from runner.contract.idx_header import Kind, header
from runner.contract.text_ids import LENGTH


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; a few seconds and 200 MB."""
    from harness.generators import opinions  # noqa: PLC0415 - NumPy, which few commands need

    names = iter(DATASET.sha256)
    for count, stream in (
        (IMDB.train_samples, opinions.TRAIN_STREAM),
        (IMDB.test_samples, opinions.TEST_STREAM),
    ):
        ids, labels = opinions.make(count, stream)
        yield next(names), header(ids.shape, Kind.SHORT) + ids.astype(">i2").tobytes()
        yield next(names), header(labels.shape) + labels.tobytes()


DATASET = DatasetSpec(
    name="synthetic-imdb",
    title="synthetic-imdb",
    holds="generated texts of an opinion",
    source="the recipe of harness/generators/opinions.py",
    licence="that of benchdl",
    train_samples=IMDB.train_samples,
    test_samples=IMDB.test_samples,
    sample_shape=IMDB.sample_shape,
    classes=IMDB.classes,
    # Words of a generated text have no letters: there is no table of them.
    files=labelled(
        IMDB.train_samples,
        IMDB.test_samples,
        labelled_files.texts(LENGTH),
        (
            "2285590bb0708145d950b345b37f38ba93db2bb3dbcd3ee02f9ed738a82a6e55",
            "183297ff38fb41f5032b9270b0fef95a6c6915dcdf4af9a3639cb71f0e74fe9f",
            "e6ad143ffabaadc324595abfb85c411571737598df45a7783de87924a66f635c",
            "97d8605ef010e9659e1af8f15df5c1472e6afaa85999bf6536b7b256da555fb6",
        ),
    ),
    generate=_generate,
)
