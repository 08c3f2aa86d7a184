"""How long a driver bears a wait that cannot end by itself, or a host that never says a word."""

from __future__ import annotations

from typing import Literal

from harness.fleet.scheduler import Seen
from harness.fleet.standing import Standing

Verdict = Literal["bear", "give up", "end"]
"""``give up``: nothing will come of it; ``end``: tell its process to end, then see."""


class Patience:
    """With one shard, for ``patience_s`` by the clock of whoever asks."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._hopeless_since: float | None = None
        self._silent_since: float | None = None

    def verdict(self, shard: Standing, seen: Seen | None, now: float) -> Verdict:
        """What to do with a shard that waits, runs or is silent, at this moment."""
        hopeless = shard.phase == "waiting" and seen is not None and seen.hopeless
        self._hopeless_since = _since(self._hopeless_since, now, hopeless)
        if self._is_over(self._hopeless_since, now):
            return "give up"
        # One that began may be cut off from a folder that is full or away, in mid-training.
        silent = shard.phase == "silent" and not shard.beat.count
        self._silent_since = _since(self._silent_since, now, silent)
        if self._is_over(self._silent_since, now):
            self._silent_since = None
            return "end"
        return "bear"

    def _is_over(self, since: float | None, now: float) -> bool:
        return since is not None and now - since >= self._patience_s


def _since(known: float | None, now: float, goes_on: bool) -> float | None:
    if not goes_on:
        return None
    return now if known is None else known
