"""What a job is to do, what it did, how well, and what proves it: of any workload, equally.

A convolutional network, boosted trees and a game's policy differ in what they count (updates,
rounds, steps of an environment) and in what they are judged by (error rate, AUC, mean return).
"""

from __future__ import annotations

import math
from typing import Optional

from pydantic import Field, model_validator
from typing_extensions import Annotated, Literal

from runner.contract.schema import Count, Model, Number, Ordinal, Seconds

BudgetUnit = Literal["epochs", "updates", "rounds", "trees", "fits", "steps"]
WorkUnit = Literal["updates", "rounds", "trees", "fits", "steps"]
Better = Literal["lower", "higher"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Of a metric or a proof: as in ``error_rate``."""

MOST_EPOCHS = 10_000
MOST_UNITS = 10**9


class Budget(Model):
    """How long to train, in the workload's unit: passes over the data, updates of the weights,
    boosting rounds, trees of a forest, or steps of an environment. A fit goes on until it has
    converged, so there is one."""

    unit: BudgetUnit
    count: int = Field(ge=1, le=MOST_UNITS)

    @model_validator(mode="after")
    def _can_be_done(self) -> Budget:
        if self.unit == "epochs" and self.count > MOST_EPOCHS:
            raise ValueError(f"{self.count} epochs, more than {MOST_EPOCHS}")
        if self.unit == "fits" and self.count > 1:
            raise ValueError(f"{self.count} fits, of a model that is fitted once")
        return self

    def __str__(self) -> str:
        return amount(self.count, self.unit)


class Work(Model):
    """What a job did.

    ``count`` is what was done in ``unit``: updates of weights, boosting rounds, trees of a forest,
    fits, or steps of an environment. ``samples`` is how many samples were trained on, each as often
    as it was seen, and ``train_samples`` how many different ones there were. ``parameters`` are the
    numbers that were trained. Each is ``None`` for a workload that has no such thing.
    """

    unit: WorkUnit
    count: Ordinal
    samples: Optional[Count] = None
    train_samples: Optional[Ordinal] = None
    batch_size: Optional[Ordinal] = None
    parameters: Optional[Ordinal] = None


class Score(Model):
    """How well the trained model does, in the workload's metric.

    ``unit``: ``share`` (0 to 1), ``nats``, or ``""`` for a number without one. ``samples`` is on
    how many (pictures, rows, tokens, episodes) it was taken, ``sampling_error`` its standard
    error: others would have given another. ``verified`` says that ``value`` is the judge's own,
    computed without the framework; ``claimed`` is what the backend says.
    """

    metric: Name
    value: Number
    unit: str = ""
    better: Better
    samples: Optional[Ordinal] = None
    sampling_error: Optional[Number] = None
    claimed: Optional[Number] = None
    verified: bool = False

    @model_validator(mode="after")
    def _within_its_unit(self) -> Score:
        for figure in (self.value, self.claimed):
            if self.unit == "share" and figure is not None and not 0 <= figure <= 1:
                raise ValueError(f"a share of {figure}")
        return self


class Proof(Model):
    """One thing that the judge verified without the framework, by the name that the workload gives.

    ``value`` is what it found, ``None`` where it could find nothing; ``expected`` what it was to
    be, where that is one number; ``claimed`` what the backend says of it, if it says anything.
    """

    name: Name
    value: Optional[Number] = None
    unit: str = ""
    expected: Optional[Number] = None
    claimed: Optional[Number] = None
    detail: str = ""


class Lap(Model):
    """One equal part of the training as its loop saw it: an epoch, or so many rounds or steps.

    Its loss, where there is one, was read on the host at its end. ``duration_s`` is taken next to
    the training, ``heard_s`` by the judge's own clock.
    """

    number: Ordinal
    duration_s: Seconds
    heard_s: Optional[Seconds] = None
    loss: Optional[Number] = None


def amount(count: int, unit: str) -> str:
    """So much of a unit, whose name is a plural: ``200,000 steps``, ``1 round``."""
    return f"{count:,} {unit if count > 1 else unit[:-1]}"


def share_error(share: float, samples: int) -> float:
    """The standard error of a share, from 0 to 1, found on ``samples`` samples drawn at random.

    Binomial, as half the width of Wilson's score interval of one standard error (E. B. Wilson,
    J. Am. Stat. Assoc. 22, 1927): sqrt(p (1 - p) / n) but for shares next to 0 or 1, where that
    would claim that no error at all is certain.
    """
    n = samples
    return math.sqrt(share * (1 - share) / n + 1 / (4 * n * n)) / (1 + 1 / n)
