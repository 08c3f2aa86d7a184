"""Steps within a bound of time: one is begun only if it is likely to end, and none runs over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.many_gpus.steps import Step

State = Literal["done", "failed", "cut off", "left out"]


@dataclass(frozen=True)
class Ended:
    """What became of a step; a command that was ended by its time is ``cut off``."""

    step: Step
    state: State
    seconds: float = 0.0


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit status, and whether that was for its time."""

    status: int
    cut_off: bool = False


Start = Callable[[Step, float], Ran]
"""Runs a step for so many seconds at the most."""


def within(
    steps: Sequence[Step],
    until_s: float,
    start: Start,
    after: Callable[[Ended], None],
    clock: Callable[[], float],
) -> list[Ended]:
    """Run what fits, in the order given; a later step that is shorter may still fit.

    Args:
        steps: what is wanted.
        until_s: when the last one has to be over, by ``clock``.
        start: runs one.
        after: is told of each that ran.
        clock: in seconds.
    """
    ended: list[Ended] = []
    took, guessed = 0.0, 0.0
    for step in steps:
        left = until_s - clock()
        guess = step.jobs * step.each_s
        # All guesses are off by about the same: what ran so far tells by how much.
        if left <= guess * (took / guessed if guessed else 1.0):
            ended.append(Ended(step, "left out"))
            continue
        begin = clock()
        ran = start(step, left)
        seconds = clock() - begin
        ended.append(Ended(step, _state(step, ran), seconds))
        after(ended[-1])
        if not ran.cut_off:
            took, guessed = took + seconds, guessed + guess
    return ended


def _state(step: Step, ran: Ran) -> State:
    """Rows of a GPU that somebody else uses are invalid: ``benchdl run`` ends with 1."""
    if ran.cut_off:
        return "cut off"
    return "done" if ran.status == (1 if step.loaded else 0) else "failed"
