"""Are the updates those of the recipe: how many, how large, and of the whole batch?"""

from __future__ import annotations

from typing import List

from runner.contract.conformance import Check
from runner.networks import in_numpy, sgd_in_numpy
from runner.proving.plans import UPDATES
from runner.proving.trials import Told
from runner.proving.weights_apart import A_BATCH, ONE_SAMPLE, apart, seen

A_LOSS = 1e-5
"""In nats, or as a share of the loss where that is more than one: sound runs are within 4e-6."""

_MOST = 2 * UPDATES
"""As many updates are tried in NumPy where another number than ``UPDATES`` was done."""


def of_alike(told: Told) -> List[Check]:
    """The weights after :func:`runner.proving.plans.alike` against those of NumPy."""
    shares = _after_each(told, single=True)
    found = shares[UPDATES - 1]
    nearest = shares.index(min(shares)) + 1
    own = Check(
        name="updates",
        expected=0.0,
        seen=found,
        tolerance=ONE_SAMPLE,
        detail=f"the weights are nearest to those of {nearest} updates, {UPDATES} were due",
    )
    return [own]


def of_one_batch(told: Told) -> List[Check]:
    """The weights after :func:`runner.proving.plans.one_batch` against those of NumPy."""
    own = Check(
        name="update",
        expected=0.0,
        seen=_after_each(told, single=False)[UPDATES - 1],
        tolerance=A_BATCH,
        detail=f"{UPDATES} updates on one batch of {len(told.trial.samples.labels)} samples",
    )
    return [own]


def of_its_loss(told: Told) -> List[Check]:
    """The loss that the backend finds with the trained weights, on the samples that it trained on.

    In evaluation layers may do otherwise than in training (dropout, statistics of a batch).
    """
    own, network = seen(told), told.trial.workload.network
    likely = in_numpy.probabilities(network, own.trained, own.inputs)
    loss, _ = in_numpy.loss_and_error(likely, own.labels)
    check = Check(
        name="loss",
        expected=loss,
        seen=float(told.done.facts["claims"]["test_loss"]),
        tolerance=A_LOSS * max(1.0, loss),
        detail="in nats, as it is evaluated after the updates",
    )
    return [check]


def _after_each(told: Told, *, single: bool) -> List[float]:
    """How far the trained weights are from NumPy's after 1, 2, ... updates on the same batch."""
    workload, own = told.trial.workload, seen(told)
    inputs, labels = (own.inputs[:1], own.labels[:1]) if single else (own.inputs, own.labels)
    state, shares = sgd_in_numpy.begin(workload.recipe, own.untrained), []
    for _ in range(_MOST if single else UPDATES):
        state = sgd_in_numpy.updated(workload.network, workload.recipe, state, inputs, labels)
        shares.append(apart(own.trained, state.weights, own.untrained))
    return shares
