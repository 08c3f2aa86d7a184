"""What dqn_torch.py and dqn_jax.py share: the settings, the game, the memory, and their line.

    PYTHONPATH=. python benchmarks/by_hand/dqn_torch.py --steps 50000

The game is benchdl's own, as an emulator would be; the memory, the loop and the updates are by
hand. Nothing is timed in the loop but the whole of it.
"""

import argparse
import json

import numpy as np

from runner.games.brick_game import Bricks

COPIES, BATCH, KEPT, LEARN_FROM, DISCOUNT = 64, 512, 100_000, 5_000, 0.99
EXPLORED, EXPLORED_BY, COPY_EVERY, RATE, EPSILON = 0.05, 100_000, 100, 1e-3, 1e-7


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


class Play:
    """The copies of the game, and a ring of what they did, in the layout that learns fastest."""

    def __init__(self, seed, arranged):
        self.random = np.random.RandomState(seed)
        self.game = Bricks().begin(COPIES, self.random)
        self.arranged = arranged
        self.states = arranged(self.game.states())
        shape = self.states.shape[1:]
        self.befores = np.zeros((KEPT, *shape), np.uint8)
        self.afters = np.zeros((KEPT, *shape), np.uint8)
        self.actions = np.zeros(KEPT, np.int64)
        self.rewards = np.zeros(KEPT, np.float32)
        self.goes_on = np.zeros(KEPT, np.float32)
        self.steps = 0

    def move(self, values):
        """Each copy by the largest of its values, or at random."""
        explored = 1 - (1 - EXPLORED) * min(1, self.steps / EXPLORED_BY)
        aside = self.random.random_sample(COPIES) < explored
        actions = np.where(aside, self.random.randint(0, 3, COPIES), values.argmax(axis=1))
        came = self.game.step(actions)
        after = self.arranged(self.game.states())
        where = (self.steps + np.arange(COPIES)) % KEPT
        self.befores[where], self.afters[where] = self.states, after
        self.actions[where], self.rewards[where] = actions, came.rewards
        self.goes_on[where] = DISCOUNT * ~came.lost
        self.steps += COPIES
        if came.ended.any():
            self.game.restart(came.ended)
            after = self.arranged(self.game.states())
        self.states = after

    def batch(self):
        """States, actions, rewards, states after, and what the value of these is worth."""
        rows = self.random.randint(0, min(self.steps, KEPT), BATCH)
        parts = self.befores, self.actions, self.rewards, self.afters, self.goes_on
        return [part[rows] for part in parts]


def report(fit_s, play, updates):
    line = {"fit_s": fit_s, "steps": play.steps, "updates": updates}
    print(json.dumps({**line, "steps_per_s": play.steps / fit_s}))
