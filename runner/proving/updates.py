"""Are the updates those of the recipe: how many, how large, and of the whole batch?"""

from __future__ import annotations

from typing import Iterator, List

from runner.contract.conformance import Check
from runner.networks import in_numpy, sgd_in_numpy
from runner.networks.sgd_in_numpy import State
from runner.proving.plans import UPDATES
from runner.proving.trials import Told
from runner.proving.weights_apart import (
    A_BATCH,
    ONE_SAMPLE,
    STATISTICS,
    Seen,
    apart,
    seen,
    statistics_apart,
)

A_LOSS = 1e-5
"""In nats, or as a share of the loss where that is more than one: sound runs are within 4e-6."""

_MOST = 2 * UPDATES
"""As many updates are tried in NumPy where another number than ``UPDATES`` was done."""


def of_alike(told: Told) -> List[Check]:
    """The weights after :func:`runner.proving.plans.alike` against those of NumPy."""
    network, own = told.trial.workload.network, seen(told)
    shares = [
        apart(network, own.trained, state.weights, own.untrained)
        for state in _states(told, own, single=True)
    ]
    found = shares[UPDATES - 1]
    nearest = shares.index(min(shares)) + 1
    check = Check(
        name="updates",
        expected=0.0,
        seen=found,
        tolerance=ONE_SAMPLE,
        detail=f"the weights are nearest to those of {nearest} updates, {UPDATES} were due",
    )
    return [check]


def of_one_batch(told: Told) -> List[Check]:
    """The weights after :func:`runner.proving.plans.one_batch` against those of NumPy.

    Statistics, where a network keeps any, have a check of their own.
    """
    network, own = told.trial.workload.network, seen(told)
    *_, last = _states(told, own, single=False)
    checks = [
        Check(
            name="update",
            expected=0.0,
            seen=apart(network, own.trained, last.weights, own.untrained),
            tolerance=A_BATCH,
            detail=f"{UPDATES} updates on one batch of {len(told.trial.samples.labels)} samples",
        )
    ]
    if not network.keeps_statistics():
        return checks
    share = statistics_apart(network, own.trained, last.weights, own.untrained)
    detail = "means and variances of batches, after the same updates"
    statistics = Check(
        name="statistics", expected=0.0, seen=share, tolerance=STATISTICS, detail=detail
    )
    return [*checks, statistics]


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


def _states(told: Told, own: Seen, *, single: bool) -> Iterator[State]:
    """Those of NumPy after 1, 2, ... updates on the same batch."""
    workload = told.trial.workload
    inputs, labels = (own.inputs[:1], own.labels[:1]) if single else (own.inputs, own.labels)
    state = sgd_in_numpy.begin(workload.recipe, own.untrained)
    for _ in range(_MOST if single else UPDATES):
        state = sgd_in_numpy.updated(workload.network, workload.recipe, state, inputs, labels)
        yield state
