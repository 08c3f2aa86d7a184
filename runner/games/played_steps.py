"""What was played lately, from which batches are drawn."""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple


class Batch(NamedTuple):
    """Steps of the past: n of each.

    Attributes:
        states: uint8 (n, rows, columns, planes), before the step.
        actions: int64 (n,), what was chosen there.
        rewards: float32 (n,), what came of it.
        nexts: as ``states``, after the step.
        lost: boolean (n,): nothing can follow.
    """

    states: Any
    actions: Any
    rewards: Any
    nexts: Any
    lost: Any


class Replay:
    """The last ``capacity`` steps, a ring; all its memory is taken at the start."""

    def __init__(self, capacity: int, shape: Tuple[int, ...]) -> None:
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        self._np = np
        # Written to, so that memory that is not there is missed now and not after an hour.
        self._parts = Batch(
            states=np.full((capacity, *shape), 1, np.uint8),
            actions=np.full(capacity, 1, np.int64),
            rewards=np.full(capacity, 1, np.float32),
            nexts=np.full((capacity, *shape), 1, np.uint8),
            lost=np.full(capacity, True, bool),
        )
        self._capacity, self._at, self._held = capacity, 0, 0

    def __len__(self) -> int:
        """How many steps it holds."""
        return self._held

    def add(self, played: Batch) -> None:
        """Keep these steps; the oldest give way."""
        count = len(played.actions)
        where = (self._at + self._np.arange(count)) % self._capacity
        for part, new in zip(self._parts, played):
            part[where] = new
        self._at = (self._at + count) % self._capacity
        self._held = min(self._held + count, self._capacity)

    def draw(self, count: int, random: Any) -> Batch:
        """So many steps, each drawn from all that it holds; ``random``: a ``RandomState``."""
        rows = random.randint(0, self._held, count)
        return Batch(*(part[rows] for part in self._parts))


def size_bytes(capacity: int, shape: Tuple[int, ...]) -> int:
    """What :class:`Replay` takes: two states, an action, a reward and a flag for each step."""
    state = 1
    for side in shape:
        state *= side
    return capacity * (2 * state + 8 + 4 + 1)
