"""The loop of Q-learning: play, keep, learn. The same for every tool, and for NumPy."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Tuple

from runner.games.agent import Agent
from runner.games.brick_game import Bricks
from runner.games.played_steps import Batch, Replay
from runner.games.q_recipe import QRecipe

LapSeen = Callable[[int, float], None]

_PLAYING, _CHOOSING = 0, 1
"""Streams of random numbers, each from the seed and its number."""


class QLoop:
    """Everything but the network.

    Attributes:
        updates: how many there were.
        seconds: by ``env`` (the game and the replay), ``act`` (Q of the states to play in) and
            ``learn`` (the target's Q, the update, and copying). A tool whose calls return before
            they are done is waited for where their numbers are needed next.
    """

    def __init__(self, rules: Bricks, recipe: QRecipe, seed: int) -> None:
        """Begin the copies and take the replay's memory.

        Raises:
            MemoryError: there is not so much.
        """
        import numpy  # noqa: PLC0415 - not before a backend has fixed its threads

        self._np, self._recipe = numpy, recipe
        self._random = numpy.random.RandomState([seed, _CHOOSING])
        playing = numpy.random.RandomState([seed, _PLAYING])
        self._game = rules.begin(recipe.copies, playing)
        self._replay = Replay(recipe.replay, rules.shape)
        self._actions = rules.actions
        self.updates = 0
        self.seconds: Dict[str, float] = {"env": 0.0, "act": 0.0, "learn": 0.0}

    def run(self, agent: Agent, steps: int, lap: int, lap_seen: LapSeen) -> int:
        """Play and learn; returns the steps that were made, of all copies together.

        Args:
            agent: the network.
            steps: at least so many; the copies move together.
            lap: steps after which ``lap_seen`` gets the lap's number and its mean loss, 0.0 where
                nothing was learned in it.
            lap_seen: the last lap may be a smaller one.
        """
        recipe, done, laps = self._recipe, 0, -(-steps // lap)
        number, losses, moves = 1, [], recipe.moves(steps)
        states = self._game.states()
        for move in range(1, moves + 1):
            states = self._play(agent, states, recipe.exploration(done))
            done += recipe.copies
            if done >= recipe.learning_from:
                losses.append(self._learn(agent))
            if (done >= number * lap and number < laps) or move == moves:
                lap_seen(number, self._mean(losses))
                number, losses = number + 1, []
        return done

    def _play(self, agent: Agent, states: Any, exploration: float) -> Any:
        np, copies = self._np, self._recipe.copies
        began = time.monotonic()
        values = agent.act(states)
        acted = time.monotonic()
        random = self._random.random_sample(copies) < exploration
        actions = np.where(
            random, self._random.randint(0, self._actions, copies), values.argmax(axis=1)
        )
        came = self._game.step(actions)
        nexts = self._game.states()
        self._replay.add(Batch(states, actions, came.rewards, nexts, came.lost))
        if came.ended.any():
            self._game.restart(came.ended)
            nexts = self._game.states()
        self.seconds["act"] += acted - began
        self.seconds["env"] += time.monotonic() - acted
        return nexts

    def _learn(self, agent: Agent) -> Any:
        recipe = self._recipe
        began = time.monotonic()
        batch = self._replay.draw(recipe.batch_size, self._random)
        drawn = time.monotonic()
        loss = agent.learn(*_task(recipe, agent, batch))
        self.updates += 1
        if self.updates % recipe.copy_every == 0:
            agent.copy_target()
        self.seconds["env"] += drawn - began
        self.seconds["learn"] += time.monotonic() - drawn
        return loss

    def _mean(self, losses: List[Any]) -> float:
        began = time.monotonic()
        mean = sum(map(float, losses)) / max(1, len(losses))
        self.seconds["learn"] += time.monotonic() - began
        return mean


def _task(recipe: QRecipe, agent: Agent, batch: Batch) -> Tuple[Any, Any, Any]:
    """States, actions, and what Q of them is to be: float32 (n,)."""
    ahead = agent.target(batch.nexts).max(axis=1)
    targets = batch.rewards + recipe.discount * ahead * ~batch.lost
    return batch.states, batch.actions, targets.astype("float32")
