"""What a rank attests: the fields of :class:`runner.contract.rank.Rank`, by name."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from runner.backends.base import Facts


def told(
    number: int,
    device: str,
    name: str,
    updates: int,
    weights_sha256: str,
    versions: Dict[str, str],
    products_in: Any,
    uuid: Optional[str] = None,
) -> Facts:
    """The facts of rank ``number`` of this process.

    ``products_in``: of its training step by the type of their factors; a tool may not know.
    """
    return {
        "number": number,
        "device": device,
        "name": name,
        "uuid": uuid,
        "pid": os.getpid(),
        "versions": versions,
        "updates": updates,
        "weights_sha256": weights_sha256,
        "products_in": dict(products_in or {}),
    }
