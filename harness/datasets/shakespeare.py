"""Shakespeare's works, character by character: what comes next?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.dataset_spec import DatasetSpec
from harness.idx_files import data_file
from harness.shakespeare_works import CHARACTERS, TEXT_BYTES, TRAIN_CHARACTERS, WORKS


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import joined_text  # noqa: PLC0415 - few commands prepare

    return joined_text.characters(source)


DATASET = DatasetSpec(
    name="shakespeare",
    title="Shakespeare's works",
    holds="the characters of Shakespeare's 42 works, one after the other",
    source="Project Gutenberg, in the Python package shakespeare 0.6",
    licence="public domain",
    train_samples=TRAIN_CHARACTERS,
    test_samples=TEXT_BYTES - TRAIN_CHARACTERS,
    sample_shape=(),
    classes=len(CHARACTERS),
    files=(
        data_file(
            "train-characters-idx1-ubyte",
            (TRAIN_CHARACTERS,),
            "1dbd2523557c65de5a796742dd5b96e8416d6454c0398a3107f7dff502ea6db2",
        ),
        data_file(
            "test-characters-idx1-ubyte",
            (TEXT_BYTES - TRAIN_CHARACTERS,),
            "a0bd8ec186e538187e6fe37d40a1f326e754903b01ffdf95100e80af0471e0df",
        ),
    ),
    made_from=WORKS,
    prepare=_prepare,
    stand_in="synthetic-shakespeare",
)
