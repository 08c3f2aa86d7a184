"""What a policy is worth: the mean return of whole episodes, played without any framework."""

from __future__ import annotations

from typing import Any, Callable

from runner.games.brick_game import Bricks


def returns(
    rules: Bricks, value: Callable[[Any], Any], episodes: int, exploration: float, seed: int
) -> Any:
    """The sum of rewards of each episode, float64 (episodes,).

    Args:
        rules: of the game.
        value: from states, uint8 (n, *the game's shape), to Q of each action, (n, actions).
        episodes: all are played at once, each to its end.
        exploration: the share of random actions.
        seed: of all that is drawn.
    """
    import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

    random = np.random.RandomState(seed)
    game = rules.begin(episodes, random)
    total, going = np.zeros(episodes), np.ones(episodes, bool)
    for _ in range(rules.longest):
        best = value(game.states()).argmax(axis=1)
        aside = random.random_sample(episodes) < exploration
        came = game.step(np.where(aside, random.randint(0, rules.actions, episodes), best))
        total += came.rewards * going
        going &= ~came.ended
        if not going.any():
            break
        game.restart(came.ended)
    return total


def states(rules: Bricks, count: int, seed: int) -> Any:
    """States of random play, uint8 (count, *the game's shape): the same for everybody."""
    import numpy as np  # noqa: PLC0415 - as above

    random = np.random.RandomState(seed)
    copies = 20
    game = rules.begin(copies, random)
    seen = []
    for _ in range(-(-count // copies)):
        for _ in range(3):  # between two that are kept: neighbours are much alike
            game.restart(game.step(random.randint(0, rules.actions, copies)).ended)
        seen.append(game.states())
    return np.concatenate(seen)[:count]
