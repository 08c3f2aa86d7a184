"""A dataset of tests: squares of one shade each, made in no time."""

from __future__ import annotations

from harness.dataset_spec import DatasetSpec
from harness.idx_files import pictures_and_labels
from runner.contract.idx_header import header

COUNTS = (40, 10)


def _generate():
    names = iter(DATASET.sha256)
    for count in COUNTS:
        shades = bytes(number % 4 for number in range(count))
        yield next(names), header((count, 8, 8)) + b"".join(bytes([60 * n]) * 64 for n in shades)
        yield next(names), header((count,)) + shades


DATASET = DatasetSpec(
    name="dummy-squares",
    title="dummy-squares",
    holds="squares of one shade",
    source="this recipe",
    licence="that of benchdl",
    train_samples=COUNTS[0],
    test_samples=COUNTS[1],
    sample_shape=(8, 8),
    classes=4,
    files=pictures_and_labels(
        *COUNTS,
        (8, 8),
        (
            "2a85378d36b7147b3d536aaa52b4f02df7b6ec3ea567b14cf1592b8d1c3b0242",
            "17a848357439a511b1ba5326a0d9326e15eacc08b744a971ecee4e9410ecc964",
            "3bbc66bf3460c51c1c9ee52fa8daf2f54b3198aa719b2e0816dec4a42e77c5d1",
            "2392cf94de62ce95fede39cc47a46e63871ac9f625e0f9a531afb177caad9768",
        ),
    ),
    generate=_generate,
)
