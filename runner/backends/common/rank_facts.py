"""What a rank attests: the fields of :class:`runner.contract.rank.Rank`, by name."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Dict, Optional, Sequence

from runner.backends.base import Facts
from runner.networks.network import Network


def digest(network: Network, weights: Sequence[Any]) -> str:
    """SHA-256 of the trained ones of ``weights``, which has all that the network states.

    Statistics of batches are left out: each rank may keep its own, as its tool does by default.
    """
    import numpy  # not before configure()

    found = hashlib.sha256()
    for array in network.trained(weights):
        found.update(numpy.ascontiguousarray(array, "<f4").tobytes())
    return found.hexdigest()


def told(
    number: int,
    device: str,
    name: str,
    updates: int,
    weights_sha256: str,
    versions: Dict[str, str],
    uuid: Optional[str] = None,
) -> Facts:
    """The facts of rank ``number`` of this process."""
    return {
        "number": number,
        "device": device,
        "name": name,
        "uuid": uuid,
        "pid": os.getpid(),
        "versions": versions,
        "updates": updates,
        "weights_sha256": weights_sha256,
    }
