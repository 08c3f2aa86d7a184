"""IMDB: reviews of films, good or bad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.dataset_spec import DataFile, DatasetSpec, Source
from harness.idx_files import texts_and_labels
from runner.contract.text_ids import LENGTH

_ARCHIVE = DataFile(
    "aclImdb_v1.tar.gz",
    "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
    84_125_825,
    b"\x1f\x8b",
)


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import reviews  # noqa: PLC0415 - NumPy, which few commands need

    return reviews.split(source)


DATASET = DatasetSpec(
    name="imdb",
    title="IMDB",
    holds="reviews of films: which like the film?",
    source='A. Maas and others, "Learning Word Vectors for Sentiment Analysis", ACL 2011',
    licence="none stated",
    train_samples=25_000,
    test_samples=25_000,
    sample_shape=(LENGTH,),
    classes=2,
    # Nobody who wrote this could have the archive: its checksum is TensorFlow Datasets'. What is
    # prepared of it is recorded when that is done.
    files=texts_and_labels(25_000, 25_000, ("", "", "", ""), ""),
    made_from=Source(
        files=(_ARCHIVE,),
        shipped=_ARCHIVE,
        urls=("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
    ),
    prepare=_prepare,
    stand_in="synthetic-imdb",
)
