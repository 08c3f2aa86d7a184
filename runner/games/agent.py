"""What a tool does of Q-learning: four methods; all else is the same NumPy for every tool."""

from __future__ import annotations

from typing import Any

from typing_extensions import Protocol


class Agent(Protocol):
    """A network and its copy. States are uint8 (n, rows, columns, planes), 0 or 1."""

    def act(self, states: Any) -> Any:
        """Q of each action: a NumPy array, float (n, actions), on the host."""

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; its loss, a number or what ``float()`` makes one of, before the update.

        The loss is Huber's with a threshold of 1, between Q(state, action) and the target, mean
        over the batch: d² / 2 where |d| <= 1, else |d| - 1/2.

        Args:
            states: of the batch.
            actions: int64 (n,).
            targets: float32 (n,).
        """

    def target(self, states: Any) -> Any:
        """As :meth:`act`, of the copy."""

    def copy_target(self) -> None:
        """Give the copy the network's weights of now."""
