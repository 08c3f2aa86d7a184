"""The stand-in for Shakespeare's works: generated plays of the same size and characters."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset_spec import DatasetSpec
from harness.datasets.shakespeare import DATASET as SHAKESPEARE
from harness.idx_files import data_file
from harness.shakespeare_works import ids
from runner.contract.idx_header import header


def _generate() -> Iterator[tuple[str, bytes]]:
    """The two files by name; about a second and 50 MB."""
    from harness.generators import invented_plays  # noqa: PLC0415 - NumPy, which few commands need

    names = iter(DATASET.sha256)
    for count, stream in (
        (DATASET.train_samples, invented_plays.TRAIN_STREAM),
        (DATASET.test_samples, invented_plays.TEST_STREAM),
    ):
        yield next(names), header((count,)) + ids(invented_plays.make(count, stream))


DATASET = DatasetSpec(
    name="synthetic-shakespeare",
    title="synthetic-shakespeare",
    holds="the characters of generated plays in a language that there is not",
    source="the recipe of harness/generators/invented_plays.py",
    licence="that of benchdl",
    train_samples=SHAKESPEARE.train_samples,
    test_samples=SHAKESPEARE.test_samples,
    sample_shape=SHAKESPEARE.sample_shape,
    classes=SHAKESPEARE.classes,
    files=(
        data_file(
            "train-characters-idx1-ubyte",
            (SHAKESPEARE.train_samples,),
            "72544eda3df5248af4d885c2406e6fe55efc39f73e5d0daa210402c5ca8c2738",
        ),
        data_file(
            "test-characters-idx1-ubyte",
            (SHAKESPEARE.test_samples,),
            "27695e375c4dfc59fbad569a70d843228f662f645596ef22ef49a6ee054ba93a",
        ),
    ),
    generate=_generate,
)
