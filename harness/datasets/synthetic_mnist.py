"""The stand-in for MNIST: generated digits of the same shapes, types and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset_spec import DatasetSpec
from harness.datasets.mnist import DATASET as MNIST
from harness.idx_files import pictures_and_labels
from runner.contract.idx_header import header


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; about 6 s and 300 MB."""
    from harness.generators import digits  # noqa: PLC0415 - NumPy, which few commands need

    names = iter(MNIST.sha256)
    for count, stream in (
        (MNIST.train_samples, digits.TRAIN_STREAM),
        (MNIST.test_samples, digits.TEST_STREAM),
    ):
        images, labels = digits.make(count, stream)
        yield next(names), header(images.shape) + images.tobytes()
        yield next(names), header(labels.shape) + labels.tobytes()


DATASET = DatasetSpec(
    name="synthetic-mnist",
    title="synthetic-mnist",
    holds="generated digits like MNIST's",
    source="the recipe of harness/generators/digits.py",
    licence="that of benchdl",
    train_samples=MNIST.train_samples,
    test_samples=MNIST.test_samples,
    sample_shape=MNIST.sample_shape,
    classes=MNIST.classes,
    files=pictures_and_labels(
        MNIST.train_samples,
        MNIST.test_samples,
        (28, 28),
        (
            "3ac8a080b0f23ea5153fc019aa3bb058ab83f724b3a8255629de922bec51030d",
            "fa8a5bab0efcd5c97bc3784f94f371b90c25ec3d3020ad6e96dbfe00d0e9c42a",
            "08c0902d3c06714d267e2183b8870e129560513f47a52e1df5e5b68f9b385ec4",
            "0b22f187f574beaedfdf41f6c2be7bbf7dc94957c334b2f42bc631cc848b6c1d",
        ),
    ),
    generate=_generate,
)
