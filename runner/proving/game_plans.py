"""The trials of a game's proof, each with what it is to show.

Random numbers of the game, the replay and the exploration are the loop's own and follow from the
seed: where nobody chooses, NumPy plays the very same steps and draws the very same batches.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from runner.contract.job import Job
from runner.contract.work_and_score import Budget
from runner.workloads.game_workload import GameWorkload

_WHOLE_UPDATES = 3
_COPIES, _BATCH, _COPY_EVERY = 8, 32, 3
_SMALL_UPDATES = 8
_GREEDY_UPDATES = 12

_FAR = 8.0
"""A discount that makes targets large: some of them are where Huber's loss is a straight line."""

_STEADY, _STEADY_RATE = 0.01, 0.1
"""An epsilon of Adam far above the gradients' size, and a rate that moves the weights as much: the
step is then as long as the gradient, and shows how exact that is. By itself Adam's first step is
little more than its sign."""


class GameTrial(NamedTuple):
    """What is played and learned: ``workload`` for ``steps``, from ``seed``."""

    workload: GameWorkload
    steps: int
    seed: int

    def of(self, job: Job, folder: Path) -> Job:
        """``job`` for this trial, which reads nothing."""
        return job.model_copy(
            update={
                "data_dir": str(folder),
                "dataset_sha256": {},
                "train_samples": None,
                "budget": Budget(unit="steps", count=self.steps),
                "seed": self.seed,
                "batch_size": self.workload.recipe.batch_size,
            }
        )


def whole_batches(workload: GameWorkload, seed: int) -> GameTrial:
    """A few updates in the workload's own sizes, which show how exact they are."""
    recipe = workload.recipe
    steady = dataclasses.replace(recipe.optimizer, epsilon=_STEADY, learning_rate=_STEADY_RATE)
    return _trial(
        workload,
        seed,
        _WHOLE_UPDATES,
        replay=4 * recipe.batch_size,
        learning_from=2 * recipe.batch_size,
        discount=_FAR,
        copy_every=2,
        optimizer=steady,
    )


def small_batches(workload: GameWorkload, seed: int) -> GameTrial:
    """More updates by the recipe's own optimizer: their number, its rate, and when it copies."""
    return _trial(workload, seed, _SMALL_UPDATES, **_small())


def greedy(workload: GameWorkload, seed: int) -> GameTrial:
    """Every action is the network's choice: what is learned from tells how it chose."""
    optimizer = workload.recipe.optimizer
    quick = dataclasses.replace(optimizer, learning_rate=10 * optimizer.learning_rate)
    return _trial(workload, seed, _GREEDY_UPDATES, **_small(), explored=0.0, optimizer=quick)


def _small() -> Any:
    return {
        "copies": _COPIES, "batch_size": _BATCH, "replay": 8 * _BATCH,
        "learning_from": 2 * _BATCH, "copy_every": _COPY_EVERY,
    }  # fmt: skip


def _trial(workload: GameWorkload, seed: int, updates: int, **changes: Any) -> GameTrial:
    """``workload`` with a recipe that explores at one rate, always unless ``explored`` is given."""
    changes = {"explored": 1.0, "explored_by": 0, **changes}
    recipe = dataclasses.replace(workload.recipe, **changes)
    steps = recipe.learning_from + (updates - 1) * recipe.copies
    return GameTrial(dataclasses.replace(workload, recipe=recipe), steps, seed)
