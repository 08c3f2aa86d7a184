"""The stand-in for both sets of flights: generated rows of the same columns, levels and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset_spec import DatasetSpec
from harness.flight_columns import COLUMNS, TEST_ROWS, TRAIN_ROWS
from harness.idx_files import rows_and_labels
from runner.contract.idx_header import Kind, header


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; under a second and 100 MB."""
    from harness.generators import late_flights  # noqa: PLC0415 - NumPy, which few commands need

    names = iter(DATASET.sha256)
    for count, stream in (
        (TRAIN_ROWS, late_flights.TRAIN_STREAM),
        (TEST_ROWS, late_flights.TEST_STREAM),
    ):
        rows, labels = late_flights.make(count, stream)
        yield next(names), header(rows.shape, Kind.SHORT) + rows.astype(">i2").tobytes()
        yield next(names), header(labels.shape) + labels.tobytes()


DATASET = DatasetSpec(
    name="synthetic-flights",
    title="synthetic-flights",
    holds="generated flights like those from New York",
    source="the recipe of harness/generators/late_flights.py",
    licence="that of benchdl",
    train_samples=TRAIN_ROWS,
    test_samples=TEST_ROWS,
    sample_shape=(len(COLUMNS),),
    classes=2,
    files=rows_and_labels(
        TRAIN_ROWS,
        TEST_ROWS,
        len(COLUMNS),
        (
            "08b02b4ba48a48584bbdbd89ad619f8dfd28a67ec7ab6376cefdc27a4b9206cc",
            "857b446cbbe1a1b7b3025d6df8e173d46f08ba775e04ddaa7350da0d5d93187a",
            "c6f597cad5cf88ad72573ba91de164619f255dee3a27db7bf8d63a8b26a64062",
            "7102be03a8519dfcb87d4dd823ec547df7b81eefaff0309322a312079d51b098",
        ),
    ),
    generate=_generate,
)
