"""Who takes what of a batch that several ranks share.

Parts are contiguous and differ by one sample at most, so that an epoch's smaller last batch is
shared as well. The mean over a batch is the sum of the ranks' means, each weighted by its share.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple


class Part(NamedTuple):
    """Of the shuffled order of an epoch: rows ``first`` to ``stop``, of a batch of ``batch``.

    ``weight`` is what the mean over these rows counts, times the number of ranks: tools average the
    gradients of ranks. A rank whose part is empty takes one row, which counts nothing.
    """

    first: int
    stop: int
    batch: int
    weight: float


def of_epoch(samples: int, batch_size: int, rank: int, ranks: int) -> Iterator[Part]:
    """The part of ``rank`` of each batch of an epoch, the smaller last one included."""
    for first in range(0, samples, batch_size):
        batch = min(batch_size, samples - first)
        begin, end = rank * batch // ranks, (rank + 1) * batch // ranks
        weight = ranks * (end - begin) / batch
        if begin == end:
            begin, end = 0, 1
        yield Part(first + begin, first + end, batch, weight)
