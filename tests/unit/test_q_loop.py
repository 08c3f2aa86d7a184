"""The loop of Q-learning and its memory: how much of what, in which order, and what is aimed at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runner.games import episodes, played_steps
from runner.games.brick_game import Bricks
from runner.games.played_steps import Batch, Replay
from runner.games.q_loop import QLoop
from runner.workloads import lookup

WORKLOAD = lookup.load("dqn-bricks")
RULES = WORKLOAD.rules
RECIPE = replace(
    WORKLOAD.recipe, copies=4, batch_size=8, replay=64, learning_from=20, explored=0.5,
    explored_by=40, copy_every=3,
)  # fmt: skip


class Agent:
    """Notes what is asked of it; the copy's Q is 2 for every action."""

    def __init__(self, best=1):
        self.asked, self.best = [], best

    def act(self, states):
        self.asked.append(("act", len(states)))
        values = np.zeros((len(states), 3), "float32")
        values[:, self.best] = 1
        return values

    def target(self, states):
        self.asked.append(("target", len(states)))
        return np.full((len(states), 3), 2, "float32")

    def learn(self, states, actions, targets):
        self.asked.append(("learn", states.dtype, states.shape, actions, targets))
        return float(len(self.asked))

    def copy_target(self):
        self.asked.append(("copy",))

    def names(self):
        return [call[0] for call in self.asked]


def played(steps, recipe=RECIPE, seed=1, lap=10_000, agent=None, rules=RULES):
    agent, laps = agent or Agent(), []
    loop = QLoop(rules, recipe, seed)
    done = loop.run(agent, steps, lap, lambda number, loss: laps.append((number, loss)))
    return agent, loop, done, laps


def test_steps_updates_and_copies_are_those_of_the_recipe():
    agent, loop, done, _ = played(60)
    assert done == 60
    assert agent.names().count("act") == 15
    # Moves 5 to 15 of 4 steps are followed by an update each; the copy follows every third.
    assert loop.updates == agent.names().count("learn") == RECIPE.updates(60) == 11
    assert agent.names().count("copy") == 3
    learned = [name for name in agent.names() if name != "act"]
    assert learned[:7] == ["target", "learn"] * 3 + ["copy"]


@pytest.mark.parametrize(
    ("steps", "moves", "updates"), [(1, 1, 0), (19, 5, 1), (20, 5, 1), (21, 6, 2), (61, 16, 12)]
)
def test_all_copies_move_together(steps, moves, updates):
    _, loop, done, _ = played(steps)
    assert RECIPE.moves(steps) == moves
    assert done == moves * RECIPE.copies
    assert loop.updates == RECIPE.updates(steps) == updates


def test_exploration_falls_in_a_straight_line_and_stays():
    assert [RECIPE.exploration(steps) for steps in (0, 20, 40, 4000)] == [1.0, 0.75, 0.5, 0.5]
    assert replace(RECIPE, explored_by=0).exploration(0) == 0.5


@pytest.mark.parametrize(("explored", "share"), [(0.0, 1.0), (0.3, 0.8), (1.0, 1 / 3)])
def test_actions_are_the_networks_but_for_the_explored_share(explored, share):
    recipe = replace(RECIPE, explored=explored, explored_by=0, batch_size=5000, replay=4000,
                     copies=40, learning_from=4000)  # fmt: skip
    agent, *_ = played(4000, recipe, agent=Agent(best=2))
    (learned,) = [call for call in agent.asked if call[0] == "learn"]
    assert float((learned[3] == 2).mean()) == pytest.approx(share, abs=0.04)


def test_what_is_aimed_at_is_the_reward_and_what_the_copy_says_of_the_rest():
    recipe = replace(
        RECIPE, discount=0.5, batch_size=400, replay=400, learning_from=400, explored=1
    )
    agent, *_ = played(400, recipe)
    (learned,) = [call for call in agent.asked if call[0] == "learn"]
    _, kind, shape, actions, targets = learned
    assert (kind, shape) == (np.uint8, (400, *RULES.shape))
    assert (actions.dtype, targets.dtype) == (np.int64, np.float32)
    # Lost: the reward, which is none; else it and half of 2.
    assert set(targets.tolist()) == {0.0, 1.0, 2.0}


def test_cut_off_is_not_lost():
    recipe = replace(RECIPE, batch_size=200, learning_from=16, copies=4, explored=1, discount=1.0)
    agent, *_ = played(16, recipe, rules=Bricks(longest=2))
    (learned,) = [call for call in agent.asked if call[0] == "learn"]
    assert set(learned[4].tolist()) == {2.0}


def test_laps_have_the_mean_loss_of_their_updates():
    agent, _, _, laps = played(70, lap=30)
    losses, done, means = [], 0, []
    for name, *_ in [(*call, index) for index, call in enumerate(agent.asked, 1)]:
        done += 4 * (name == "act")
    assert [number for number, _ in laps] == [1, 2, 3]
    counts = [index for index, call in enumerate(agent.asked, 1) if call[0] == "learn"]
    # Moves 5 to 8 end the first lap (32 steps), 9 to 15 the second (60), 16 to 18 the last.
    for first, last in ((0, 4), (4, 11), (11, 14)):
        losses = counts[first:last]
        means.append(sum(losses) / len(losses))
    assert [loss for _, loss in laps] == pytest.approx(means)
    assert len(counts) == 14


def test_a_lap_without_an_update_has_no_loss():
    assert played(40, lap=10)[3][0] == (1, 0.0)


def test_seconds_are_of_its_three_parts():
    _, loop, *_ = played(60)
    assert set(loop.seconds) == {"env", "act", "learn"}
    assert all(seconds > 0 for seconds in loop.seconds.values())


def test_all_that_is_drawn_follows_from_the_seed():
    def actions(seed):
        agent, *_ = played(60, seed=seed)
        return np.concatenate([call[3] for call in agent.asked if call[0] == "learn"])

    assert (actions(1) == actions(1)).all()
    assert (actions(1) != actions(2)).any()


def steps(first, count):
    numbers = np.arange(first, first + count)
    states = np.repeat(numbers, 4).reshape(count, 1, 1, 4).astype(np.uint8)
    return Batch(states, numbers, numbers.astype("f4"), states + 1, numbers % 2 == 0)


def test_the_replay_holds_the_last_steps_whole():
    kept, random = Replay(10, (1, 1, 4)), np.random.RandomState(1)
    kept.add(steps(0, 4))
    assert len(kept) == 4
    assert set(kept.draw(200, random).actions) == {0, 1, 2, 3}
    for first in (4, 8, 12):
        kept.add(steps(first, 4))
    drawn = kept.draw(500, random)
    assert len(kept) == 10
    assert set(drawn.actions) == set(range(6, 16))
    assert (drawn.states[:, 0, 0, 0] == drawn.actions).all()
    assert (drawn.nexts[:, 0, 0, 0] == drawn.actions + 1).all()
    assert (drawn.rewards == drawn.actions).all()
    assert (drawn.lost == (drawn.actions % 2 == 0)).all()


def test_how_much_memory_a_replay_takes_is_known_before():
    parts = Replay(50, RULES.shape)._parts
    assert played_steps.size_bytes(50, RULES.shape) == sum(part.nbytes for part in parts)


def test_returns_are_of_whole_episodes():
    """A paddle that follows the ball is worth more than chance, and nothing after an end counts."""

    def follow(states):
        ball = states[..., 1].argmax(axis=2).max(axis=1)
        before = states[..., 2].argmax(axis=2).max(axis=1)
        paddle = states[:, -1, :, 0].argmax(axis=1)
        aside = np.sign(ball - before)
        ahead = ball + np.where((ball + aside) % 10 == ball + aside, aside, -aside)
        return np.eye(3)[np.sign(ahead - paddle) + 1]

    chance = episodes.returns(RULES, lambda states: np.zeros((len(states), 3)), 300, 1.0, 1)
    skill = episodes.returns(RULES, follow, 300, 0.0, 1)
    assert 0.1 < chance.mean() < 0.6
    assert skill.mean() > 4
    assert episodes.returns(Bricks(longest=3), follow, 20, 0.0, 1).sum() == 0
    again = episodes.returns(RULES, follow, 300, 0.0, 1)
    assert (again == skill).all()


def test_states_to_judge_by_are_the_same_for_everybody_and_differ():
    found = episodes.states(RULES, 100, 7)
    assert found.shape == (100, *RULES.shape)
    assert (found == episodes.states(RULES, 100, 7)).all()
    assert len({state.tobytes() for state in found}) > 40
