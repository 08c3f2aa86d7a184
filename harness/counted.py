"""Numbers of things, in words."""

from __future__ import annotations


def things(number: int, noun: str, plural: str = "") -> str:
    """``1 result``, ``2 results``; ``plural`` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
