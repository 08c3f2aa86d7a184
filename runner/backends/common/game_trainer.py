"""A game as any tool learns it: the shared loop around the tool's own network."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from typing_extensions import Protocol

from runner.backends.base import Facts, LapSeen
from runner.games.agent import Agent
from runner.games.played import Played
from runner.games.q_loop import QLoop
from runner.workloads.game_workload import GameWorkload


class ToolsAgent(Agent, Protocol):
    """An agent, with what a trainer has to say of it."""

    def compile(self) -> bool:
        """As :meth:`runner.backends.base.Trainer.compile`."""

    def weights(self) -> List[Any]:
        """As :meth:`runner.backends.base.Trainer.handover`, of the network and not of its copy."""

    def attest(self) -> Tuple[str, Facts]:
        """As :meth:`runner.backends.base.Trainer.attest`."""


class GameTrainer:
    """The order of a trainer, whose fit is :class:`runner.games.q_loop.QLoop`."""

    def __init__(self, workload: GameWorkload, agent: ToolsAgent, seed: int) -> None:
        self._workload, self._agent = workload, agent
        self._loop = QLoop(workload.rules, workload.recipe, seed)

    def prepare(self, data: Played) -> None:
        """Nothing: what is learned from is played meanwhile."""
        self._states = data.states

    def compile(self) -> bool:
        """What the tool compiles ahead."""
        return self._agent.compile()

    def handover(self) -> List[Any]:
        """The network's weights."""
        return self._agent.weights()

    def fit(self, steps: int, lap_seen: LapSeen) -> int:
        """Play and learn; the losses of the last lap were read on the host."""
        lap = self._workload.lap or steps
        return self._loop.run(self._agent, steps, lap, lap_seen)

    def parts(self) -> Dict[str, float]:
        """Seconds of the fit."""
        return dict(self._loop.seconds)

    def evaluate(self) -> Tuple[float, ...]:
        """The largest Q of a state, mean over the states that the judge knows as well."""
        size, best = self._workload.recipe.batch_size, []
        for first in range(0, len(self._states), size):
            best += list(self._agent.act(self._states[first : first + size]).max(axis=1))
        return (float(sum(best)) / len(best),)

    def attest(self) -> Tuple[str, Facts]:
        """Where the network is; the loop's own count of updates."""
        device, facts = self._agent.attest()
        return device, {"updates": self._loop.updates, **facts}
