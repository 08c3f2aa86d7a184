"""What a workload of a game has in the place of data: nothing to train on, and states to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Played:
    """States of play that nobody learned from, uint8 (n, rows, columns, planes)."""

    states: Any

    def __len__(self) -> int:
        """How many training samples there are: what is learned from is played meanwhile."""
        return 0
