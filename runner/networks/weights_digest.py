"""One word for all trained weights of a network: are two sets of them the same, bit by bit?"""

from __future__ import annotations

import hashlib
from typing import Any, Sequence

from runner.networks.network import Network


def digest(network: Network, weights: Sequence[Any]) -> str:
    """SHA-256 of the trained ones of ``weights``, which has all that the network states.

    Statistics of batches are left out: each rank may keep its own, as its tool does by default.
    """
    import numpy  # noqa: PLC0415 - not before configure()

    found = hashlib.sha256()
    for array in network.trained(weights):
        found.update(numpy.ascontiguousarray(array, "<f4").tobytes())
    return found.hexdigest()
