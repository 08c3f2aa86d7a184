"""Numbers of things, in words."""

from __future__ import annotations


def things(number: int, noun: str, plural: str = "") -> str:
    """``1 result``, ``2 results``; ``plural`` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def amount(number: int, unit: str) -> str:
    """So much of a unit, whose name is a plural: ``1 epoch``, ``200,000 steps``."""
    return things(number, unit[:-1], unit)
