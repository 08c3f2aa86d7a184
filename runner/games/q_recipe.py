"""Q-learning from replay, stated once: how a game is played and learned, whatever the tool."""

from __future__ import annotations

from dataclasses import dataclass

from runner.networks.optimizers import Adam


@dataclass(frozen=True)
class QRecipe:
    """Deep Q-learning (V. Mnih et al., Nature 518, 2015) with many copies of a game at once.

    All copies move once, each by the largest Q of its state or, with the probability
    :meth:`exploration`, at random. Once ``learning_from`` steps were made, each such move is
    followed by one update on ``batch_size`` steps drawn from the last ``replay``: Huber loss
    between Q(state, action) and reward + ``discount`` · max Q'(next state), where Q' is a copy of
    the network that is renewed after each ``copy_every`` updates; of a lost game the reward alone.

    Attributes:
        copies: of the game; a move of all of them is so many steps.
        batch_size: steps of one update.
        replay: how many steps are kept.
        learning_from: steps before the first update.
        discount: of what a step later is worth.
        explored: from 1 the share of random actions falls to this,
        explored_by: in a straight line, until so many steps.
        copy_every: updates.
        optimizer: what an update does with the gradient.
    """

    copies: int
    batch_size: int
    replay: int
    learning_from: int
    discount: float
    explored: float
    explored_by: int
    copy_every: int
    optimizer: Adam

    def moves(self, steps: int) -> int:
        """How often all copies move so that at least ``steps`` are made."""
        return -(-steps // self.copies)

    def updates(self, steps: int) -> int:
        """Updates until then: none before ``learning_from``."""
        return max(0, self.moves(steps) - self.moves(self.learning_from) + 1)

    def exploration(self, steps: int) -> float:
        """The share of random actions after so many steps."""
        fallen = min(1.0, steps / self.explored_by) if self.explored_by else 1.0
        return 1.0 + (self.explored - 1.0) * fallen
