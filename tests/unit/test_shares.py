"""How a batch is shared out: every sample once, and the means of ranks are the mean of all."""

from __future__ import annotations

import pytest

from runner.backends.common import shares


@pytest.mark.parametrize(("samples", "size", "ranks"), [(300, 128, 2), (300, 128, 8), (7, 3, 4)])
def test_ranks_take_every_sample_of_every_batch_once(samples, size, ranks):
    each = [shares.of_epoch(samples, size, rank, ranks) for rank in range(ranks)]
    batches = zip(*each, strict=True)
    taken = []
    for parts in batches:
        rows = [row for part in parts if part.weight for row in range(part.first, part.stop)]
        assert len(rows) == parts[0].batch
        taken += rows
        sizes = [part.stop - part.first for part in parts]
        assert max(sizes) - min(sizes) <= 1
    assert taken == list(range(samples))


def test_the_weighted_means_of_ranks_are_the_mean_of_the_batch():
    values = [float(value * value) for value in range(42)]
    parts = [next(shares.of_epoch(42, 128, rank, 8)) for rank in range(8)]
    own = [sum(values[p.first : p.stop]) / (p.stop - p.first) * p.weight for p in parts]
    assert sum(own) / 8 == pytest.approx(sum(values) / 42)


def test_a_rank_without_a_sample_takes_one_that_counts_nothing():
    (first,) = shares.of_epoch(1, 128, 0, 2)
    (second,) = shares.of_epoch(1, 128, 1, 2)
    assert first == shares.Part(0, 1, 1, 0.0)
    assert second == shares.Part(0, 1, 1, 2.0)
