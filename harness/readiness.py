"""What there is of what a backend runs in, before anything is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Readiness:
    """An image or environment by its name.

    Attributes:
        name: as messages call it.
        lacks: why it has to be made; empty if it is ready.
        downloads: what that takes from elsewhere.
    """

    name: str
    lacks: str = ""
    downloads: tuple[str, ...] = ()
