"""Q-learning in NumPy: its gradient is that of the loss, and its copy waits until it is told."""

from __future__ import annotations

import numpy as np
import pytest

from runner.games.q_in_numpy import NumPyAgent
from runner.networks.layers import Conv, Dense, Flatten
from runner.networks.network import Network
from runner.networks.optimizers import SGD, Adam

NETWORK = Network(
    (4, 4, 2), (Conv(3, (3, 3), "relu"), Flatten(), Dense(5, "relu"), Dense(2, "linear"))
)
RANDOM = np.random.RandomState(3)
WEIGHTS = [RANDOM.normal(size=weight.shape) for weight in NETWORK.weights()]
STATES = RANDOM.randint(0, 2, (6, 4, 4, 2)).astype("uint8")
ACTIONS = RANDOM.randint(0, 2, 6)
# Half of them are more than 1 away from any Q of these weights, where the loss is a straight line.
TARGETS = np.array([0.1, -0.3, 0.2, 40.0, -40.0, 40.0], "float32")


def loss(weights):
    agent = NumPyAgent(NETWORK, SGD(0.0, 0.0), weights)
    off = np.abs(agent.act(STATES)[np.arange(6), ACTIONS] - TARGETS)
    return np.where(off <= 1, off**2 / 2, off - 0.5).mean()


def test_an_update_goes_down_the_gradient_of_the_loss():
    agent = NumPyAgent(NETWORK, SGD(1.0, 0.0), WEIGHTS)
    assert agent.learn(STATES, ACTIONS, TARGETS) == pytest.approx(loss(WEIGHTS))
    tiny = 1e-6
    for number, weight in enumerate(WEIGHTS):
        for place in list(np.ndindex(weight.shape))[::7]:
            ends = []
            for side in (tiny, -tiny):
                moved = [other.copy() for other in WEIGHTS]
                moved[number][place] += side
                ends.append(loss(moved))
            slope = (ends[0] - ends[1]) / (2 * tiny)
            step = weight[place] - agent.now[number][place]
            assert step == pytest.approx(slope, abs=1e-6)


def test_the_copy_keeps_its_weights_until_it_is_renewed():
    agent = NumPyAgent(NETWORK, Adam(0.01), WEIGHTS)
    before = agent.act(STATES)
    assert (agent.target(STATES) == before).all()
    agent.learn(STATES, ACTIONS, TARGETS)
    assert (agent.target(STATES) == before).all()
    assert (agent.act(STATES) != before).all()
    agent.copy_target()
    assert (agent.target(STATES) == agent.act(STATES)).all()
