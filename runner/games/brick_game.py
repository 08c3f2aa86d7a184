"""A paddle, a ball and bricks on a small grid: many copies at once, in NumPy.

A game of our own. The ball begins at a wall and moves one cell down or up and one to a side at each
step. It turns at the walls, at the ceiling, at a brick, which is gone then, and at the paddle. A
brick is worth 1; when all are gone they come anew. An episode ends when the ball falls past the
paddle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Tuple

SIDE = 10
_BRICK_ROWS = (1, 4)  # from, and up to without
_START_ROW = 4
_FLOOR = SIDE - 1


@dataclass(frozen=True)
class Bricks:
    """The rules, without any copy of the game.

    Attributes:
        sticky: how likely the action before is done again in the place of the one that was chosen
            (M. C. Machado et al., J. Artif. Intell. Res. 61, 2018, section 5.3): no sequence
            learned by heart is worth anything.
        longest: steps after which an episode is cut off.
    """

    sticky: float = 0.1
    longest: int = 1000

    @property
    def shape(self) -> Tuple[int, int, int]:
        """Of a state: rows, columns, planes of 0 and 1 (paddle, ball, its cell before, bricks)."""
        return (SIDE, SIDE, 4)

    @property
    def actions(self) -> int:
        """To the left, stay, to the right."""
        return 3

    def begin(self, copies: int, random: Any) -> Copies:
        """So many copies at the beginning of an episode; ``random``: NumPy's ``RandomState``."""
        return Copies(self, copies, random)


class Step(NamedTuple):
    """What a step brought each copy: float32 rewards, and booleans, all of shape (copies,).

    ``lost``: the episode is over by the rules. ``ended``: it is over, perhaps only cut off.
    """

    rewards: Any
    lost: Any
    ended: Any


class Copies:
    """Copies of the game, which move together and know nothing of each other."""

    def __init__(self, rules: Bricks, count: int, random: Any) -> None:
        import numpy  # noqa: PLC0415 - not before a backend has fixed its threads

        self._np, self._rules, self._random, self._count = numpy, rules, random, count
        self._all = numpy.arange(count)
        self._row, self._column, self._down, self._right = numpy.zeros((4, count), numpy.int64)
        self._row_before, self._column_before = numpy.zeros((2, count), numpy.int64)
        self._paddle, self._action, self._age = numpy.zeros((3, count), numpy.int64)
        self._bricks = numpy.zeros((count, SIDE, SIDE), bool)
        self.restart(numpy.ones(count, bool))

    def __len__(self) -> int:
        """How many they are."""
        return self._count

    def restart(self, which: Any) -> None:
        """Begin a new episode in the copies where ``which``, boolean (copies,), says so."""
        count = int(which.sum())
        if not count:
            return
        self._row[which], self._down[which] = _START_ROW, 1
        left = self._random.randint(0, 2, count) == 0
        self._column[which] = self._np.where(left, 0, SIDE - 1)
        self._right[which] = self._np.where(left, 1, -1)
        self._row_before[which], self._column_before[which] = _START_ROW, self._column[which]
        self._paddle[which], self._action[which], self._age[which] = SIDE // 2, 1, 0
        self._bricks[which] = False
        self._bricks[which, slice(*_BRICK_ROWS)] = True

    def states(self) -> Any:
        """What a player sees: uint8 (copies, rows, columns, planes)."""
        np, own = self._np, self._all
        seen = np.zeros((self._count, *self._rules.shape), np.uint8)
        seen[own, _FLOOR, self._paddle, 0] = 1
        seen[own, self._row, self._column, 1] = 1
        seen[own, self._row_before, self._column_before, 2] = 1
        seen[..., 3] = self._bricks
        return seen

    def step(self, actions: Any) -> Step:
        """Move once; ``actions``: integers (copies,), from 0. What was lost is to be restarted."""
        np, own = self._np, self._all
        again = self._random.random_sample(self._count) < self._rules.sticky
        self._action = np.where(again, self._action, actions)
        self._paddle = np.clip(self._paddle + self._action - 1, 0, SIDE - 1)
        self._age += 1

        aside = self._column + self._right
        self._right = np.where((aside < 0) | (aside >= SIDE), -self._right, self._right)
        column = self._column + self._right
        self._down = np.where(self._row + self._down < 0, 1, self._down)
        row = self._row + self._down

        hit = self._bricks[own, row, column]
        self._bricks[own, row, column] = False
        at_floor = row == _FLOOR
        caught = at_floor & (self._paddle == column)
        # Whatever the ball meets, it stays in its row for this step, and turns.
        turned = hit | caught
        self._down = np.where(turned, -self._down, self._down)
        self._row_before, self._column_before = self._row, self._column
        self._row = np.where(turned, self._row, row)
        self._column = column
        empty = ~self._bricks.any(axis=(1, 2)) & (self._row >= _BRICK_ROWS[1])
        if empty.any():
            self._bricks[empty, slice(*_BRICK_ROWS)] = True
        lost = at_floor & ~caught
        return Step(hit.astype(np.float32), lost, lost | (self._age >= self._rules.longest))
