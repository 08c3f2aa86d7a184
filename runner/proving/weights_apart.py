"""How far two lists of weights are apart, as a share of how far training moved them."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence

import numpy as np

from runner.channel import tensors
from runner.proving.trials import Samples, Told


class Seen(NamedTuple):
    """What a trial gives to compare: weights before and after, and its data as NumPy takes it."""

    untrained: List[Any]
    trained: List[Any]
    images: Any
    labels: Any


def seen(told: Told) -> Seen:
    """The weights and the data of a trial.

    Raises:
        ChannelError: shapes and bytes of the weights do not fit together.
    """
    images, labels = arrays(told.trial.samples)
    return Seen(tensors(told.untrained), tensors(told.trained), images, labels)


def arrays(samples: Samples) -> Any:
    """Images (n, height, width) from 0 to 1 as a trainer gets them, and labels (n,)."""
    pixels = np.frombuffer(b"".join(samples.images), np.uint8)
    side = round((len(pixels) / len(samples.labels)) ** 0.5)
    images = pixels.reshape(len(samples.labels), side, side).astype(np.float32) / np.float32(255)
    return images, np.array(samples.labels)


def apart(found: Sequence[Any], wanted: Sequence[Any], start: Sequence[Any]) -> float:
    """The largest difference in any tensor, over the largest way that it was to move.

    A tensor that should not have moved and did is infinitely far away.
    """
    shares = []
    for own, other, before in zip(found, wanted, start):
        way = float(np.abs(other - before).max())
        gap = float(np.abs(own - other).max())
        shares.append(gap / way if way else (0.0 if gap == 0 else float("inf")))
    return max(shares)
