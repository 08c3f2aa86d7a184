"""MNIST: handwritten digits, the data of the 2016 benchmark."""

from __future__ import annotations

from harness.dataset_spec import DatasetSpec
from harness.idx_files import pictures_and_labels

DATASET = DatasetSpec(
    name="mnist",
    title="MNIST",
    holds="handwritten digits",
    source='Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"',
    licence="CC BY-SA 3.0",
    train_samples=60_000,
    test_samples=10_000,
    sample_shape=(28, 28),
    classes=10,
    files=pictures_and_labels(
        60_000,
        10_000,
        (28, 28),
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    # The home of MNIST answers 403 to many, hence the others before it.
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://yann.lecun.com/exdb/mnist/",
    ),
    stand_in="synthetic-mnist",
)
