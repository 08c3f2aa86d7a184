"""Batches to evaluate on: of one size where that can be, and not much smaller ones for it."""

from __future__ import annotations

import pytest

from runner.backends.common import evaluation_batch


@pytest.mark.parametrize(
    ("count", "most", "size"),
    [(200, 64, 50), (10_000, 128, 125), (1000, 32, 25), (1000, 12, 10), (256, 128, 128),
     (101, 16, 16), (30, 64, 64), (40, 64, 40), (7, 1, 1)],
)  # fmt: skip
def test_a_size_that_divides_or_that_of_training(count, most, size):
    assert evaluation_batch.even(count, most) == size
