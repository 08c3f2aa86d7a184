"""Q-learning in plain NumPy, in double precision: what a tool's updates have to give."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from runner.networks import steps_in_numpy
from runner.networks.gradients.passing import through
from runner.networks.network import Network
from runner.networks.optimizers import Optimizer


class NumPyAgent:
    """An :class:`runner.games.agent.Agent`; ``now`` are its weights, float64."""

    def __init__(self, network: Network, optimizer: Optimizer, weights: Sequence[Any]) -> None:
        """Begin with ``weights``, as a trainer hands them over."""
        self._network, self._optimizer = network, optimizer
        self.now = tuple(np.asarray(weight, np.float64) for weight in weights)
        self._slots = steps_in_numpy.begin(optimizer, self.now)
        self._updates = 0
        self.copy_target()

    def act(self, states: Any) -> Any:
        """Q of each action, float64 (n, actions)."""
        return self._passed(self.now, states)[0]

    def target(self, states: Any) -> Any:
        """The copy's."""
        return self._passed(self._copy, states)[0]

    def copy_target(self) -> None:
        """Arrays are never written to, so the copy is the same ones."""
        self._copy = self.now

    def learn(self, states: Any, actions: Any, targets: Any) -> float:
        """One update, by the gradient of Huber's loss: the difference, cut off at 1."""
        values, back = self._passed(self.now, states)
        rows = np.arange(len(values))
        off = values[rows, actions] - targets
        slope = np.zeros_like(values)
        slope[rows, actions] = np.clip(off, -1.0, 1.0) / len(values)
        self.now, self._slots = steps_in_numpy.step(
            self._optimizer, self._updates, self.now, self._slots, back(slope)[1]
        )
        self._updates += 1
        size = np.abs(off)
        return float(np.where(size <= 1.0, off * off / 2, size - 0.5).mean())

    def _passed(self, weights: Sequence[Any], states: Any) -> Any:
        inputs = np.asarray(states, np.float64)
        return through(self._network.grouped(weights), inputs, 1.0)
