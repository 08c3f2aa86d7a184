"""The game: what each step brings, and that nobody's luck is another's."""

from __future__ import annotations

import numpy as np
import pytest

from runner.games.brick_game import SIDE, Bricks

LEFT, STAY, RIGHT = 0, 1, 2
PADDLE, BALL, BEFORE, BRICK = range(4)


def begun(copies=1, seed=1, **rules):
    return Bricks(**{"sticky": 0.0, **rules}).begin(copies, np.random.RandomState(seed))


def place(state, plane):
    """Row and column of the one cell of a plane."""
    (cell,) = np.argwhere(state[..., plane])
    return tuple(int(side) for side in cell)


def placed(game, row, column, down, right, paddle=5):
    """The first copy's ball and paddle where a test wants them."""
    game._row[0], game._column[0], game._down[0], game._right[0] = row, column, down, right
    game._paddle[0] = paddle
    return game


def test_an_episode_begins_at_a_wall_with_all_bricks():
    states = begun(50).states()
    assert states.dtype == np.uint8
    assert states.shape == (50, *Bricks().shape)
    assert set(np.unique(states)) == {0, 1}
    assert {place(state, BALL) for state in states} == {(4, 0), (4, SIDE - 1)}
    assert all(place(state, BALL) == place(state, BEFORE) for state in states)
    assert {place(state, PADDLE) for state in states} == {(SIDE - 1, SIDE // 2)}
    assert (states[..., BRICK].sum(axis=(1, 2)) == 3 * SIDE).all()
    assert states[:, 1:4, :, BRICK].all()


@pytest.mark.parametrize(
    ("action", "start", "column"),
    [(LEFT, 5, 4), (STAY, 5, 5), (RIGHT, 5, 6), (LEFT, 0, 0), (RIGHT, SIDE - 1, SIDE - 1)],
)
def test_the_paddle_moves_and_stays_on_the_grid(action, start, column):
    game = placed(begun(), 5, 5, 1, 1, paddle=start)
    game.step(np.array([action]))
    assert place(game.states()[0], PADDLE) == (SIDE - 1, column)


@pytest.mark.parametrize(
    ("start", "ball"),
    [
        ((6, 4, 1, 1), (7, 5)),
        ((6, 4, -1, -1), (5, 3)),
        ((6, 0, 1, -1), (7, 1)),
        ((6, SIDE - 1, 1, 1), (7, SIDE - 2)),
        ((0, 4, -1, 1), (0, 5)),  # from the ceiling down onto a brick, which is gone then
    ],
)
def test_the_ball_flies_and_turns_at_walls(start, ball):
    game = placed(begun(), *start)
    game.step(np.array([STAY]))
    state = game.states()[0]
    assert place(state, BALL) == ball
    assert place(state, BEFORE) == start[:2]


def test_a_brick_is_worth_one_and_is_gone():
    game = placed(begun(), 4, 4, -1, 1)
    came = game.step(np.array([STAY]))
    assert (came.rewards[0], came.lost[0], came.ended[0]) == (1.0, False, False)
    state = game.states()[0]
    assert state[3, 5, BRICK] == 0
    assert state[..., BRICK].sum() == 3 * SIDE - 1
    assert place(state, BALL) == (4, 5)
    game.step(np.array([STAY]))
    assert place(game.states()[0], BALL) == (5, 6)


def test_the_last_brick_brings_all_of_them_again():
    game = placed(begun(), 4, 4, -1, 1)
    game._bricks[:] = False
    game._bricks[0, 3, 5] = True
    assert game.step(np.array([STAY])).rewards[0] == 1.0
    assert game.states()[0][..., BRICK].sum() == 3 * SIDE


def test_the_paddle_returns_the_ball_and_its_absence_ends_the_episode():
    caught = placed(begun(), SIDE - 2, 4, 1, 1, paddle=6)
    came = caught.step(np.array([LEFT]))
    assert (came.lost[0], came.ended[0]) == (False, False)
    assert place(caught.states()[0], BALL) == (SIDE - 2, 5)
    caught.step(np.array([STAY]))
    assert place(caught.states()[0], BALL) == (SIDE - 3, 6)
    missed = placed(begun(), SIDE - 2, 4, 1, 1, paddle=6).step(np.array([STAY]))
    assert (missed.rewards[0], missed.lost[0], missed.ended[0]) == (0.0, True, True)


def test_a_long_episode_is_cut_off_and_not_lost():
    game = placed(begun(longest=2), 6, 4, -1, 1)
    assert not game.step(np.array([STAY])).ended[0]
    came = game.step(np.array([STAY]))
    assert (came.lost[0], came.ended[0]) == (False, True)
    game.restart(came.ended)
    assert place(game.states()[0], BALL)[0] == 4
    assert not game.step(np.array([STAY])).ended[0]


def test_a_tenth_of_the_actions_is_the_one_before():
    game = begun(20_000, sticky=0.1)
    game.step(np.full(20_000, RIGHT))
    game._action[:] = RIGHT
    paddle = game._paddle.copy()
    game.step(np.full(20_000, LEFT))
    again = float((game._paddle > paddle).mean())
    assert abs(again - 0.1) < 4 * (0.09 / 20_000) ** 0.5


def test_copies_restart_by_themselves():
    game = begun(3)
    placed(game, 7, 3, 1, 1)
    game.restart(np.array([False, True, False]))
    assert place(game.states()[0], BALL) == (7, 3)
    game.restart(np.array([True, False, False]))
    assert place(game.states()[0], BALL)[0] == 4


def test_all_follows_from_the_seed():
    def played(seed):
        random = np.random.RandomState(9)
        game = begun(16, seed, sticky=0.5)
        for _ in range(40):
            game.restart(game.step(random.randint(0, 3, 16)).ended)
        return game.states()

    assert (played(1) == played(1)).all()
    assert (played(1) != played(2)).any()
