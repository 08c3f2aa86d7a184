"""Q-learning of a game: a paddle, a ball and bricks on 10 × 10 cells (deep Q-network, DQN)."""

from __future__ import annotations

from runner.games.brick_game import Bricks
from runner.games.q_recipe import QRecipe
from runner.networks.layers import Conv, Dense, Flatten
from runner.networks.network import Network
from runner.networks.optimizers import Adam
from runner.workloads.game_workload import q_learner
from runner.workloads.learned import Learned

_RULES = Bricks()

# A little less than two thirds of the worst of 8 starts each with PyTorch (7 at the end) and JAX
# (cores of a CPU, benchmarks/bands.py, 2026-11-26 and 27): 0.88, 1.79, 2.16 and 2.14, their medians
# 1.4, 2.2, 2.5 and 2.8. Random play has 0.21.
_RETURNS = ((50_000, 0.5), (100_000, 1.1), (150_000, 1.35), (200_000, 1.4))

WORKLOAD = q_learner(
    name="dqn-bricks",
    title="Q-learning of a game with a paddle and bricks",
    rules=_RULES,
    network=Network(
        input_shape=_RULES.shape,
        layers=(
            Conv(16, (3, 3), "relu"),
            Flatten(),
            Dense(128, "relu"),
            Dense(_RULES.actions, "linear"),
        ),
    ),
    recipe=QRecipe(
        copies=64,
        batch_size=512,
        replay=100_000,
        learning_from=5_000,
        discount=0.99,
        explored=0.05,
        explored_by=100_000,
        copy_every=100,
        optimizer=Adam(learning_rate=0.001),
    ),
    steps=200_000,
    learned={"bricks": Learned(60.0, _RETURNS)},
)
