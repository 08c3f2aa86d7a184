"""What is proven of mixed precision: that its updates are float32's, but for rounding."""

from __future__ import annotations

import functools
import math
from typing import List, Optional

from runner.contract.conformance import Check
from runner.contract.job import Job
from runner.contract.precision import MIXED, UNIT_ROUNDOFF, Precision
from runner.proving import plans
from runner.proving.questions import Plan, Question
from runner.proving.trials import Told

_ROOTS = 6.0
"""Square roots of the unit roundoff. Products that are off by a share u move a share of about u of
all ReLUs and maxima across their kink, and the gradient of each of those takes another way. They
are independent of each other, so that the distance grows with the root of their number."""


def float32(job: Job) -> Job:
    """The same job in float32."""
    plain = job.settings.model_copy(update={"precision": "float32"})
    return job.model_copy(update={"settings": plain})


def plan_of(job: Job, shares: int = 1) -> Optional[Plan]:
    """The trial that is made in the job's own precision, where that is a mixed one.

    ``shares``: among how many ranks its batch is shared out.
    """
    mixed = job.settings.precision in MIXED
    return functools.partial(plans.one_batch, shares=shares) if mixed else None


def question(job: Job, plan: Plan) -> Question:
    """What is asked of the trial of ``plan``; imports NumPy."""
    from runner.proving import updates  # noqa: PLC0415 - NumPy

    precision = job.settings.precision
    name = f"update-in-{precision}"

    def answer(told: Told) -> List[Check]:
        found, *_ = updates.of_one_batch(told)
        return [found.model_copy(update={"name": name, "tolerance": tolerance(precision)})]

    return Question((name,), plan, answer, tries=2)


def tolerance(precision: Precision) -> float:
    """How far weights after a batch's updates may be from NumPy's, as a share of their way."""
    return _ROOTS * math.sqrt(UNIT_ROUNDOFF[precision])
