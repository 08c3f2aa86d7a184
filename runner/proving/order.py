"""Is every sample taken once an epoch, in an order that is drawn anew for each?

Batches of one sample, a few of them: the weights after training are compared with those of every
possible order in NumPy. Exactly one fits, and tells in which order the samples were taken.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any, Iterator, List, NamedTuple, Tuple

from runner.contract.conformance import Check
from runner.networks import sgd_in_numpy
from runner.networks.sgd_in_numpy import State
from runner.proving.plans import EPOCHS, SAMPLES
from runner.proving.trials import Told
from runner.proving.weights_apart import ONE_SAMPLE, apart, seen

Order = Tuple[int, ...]


class Fit(NamedTuple):
    """The order of each epoch that fits best, and how far from it the weights are."""

    orders: Tuple[Order, ...]
    share: float


def fit(told: Told) -> Fit:
    """Try every order."""
    own, workload = seen(told), told.trial.workload

    def step(state: State, sample: int) -> State:
        row = slice(sample, sample + 1)
        return sgd_in_numpy.updated(
            workload.network, workload.recipe, state, own.inputs[row], own.labels[row]
        )

    best = Fit((), math.inf)
    for orders, state in _orders(step, sgd_in_numpy.begin(workload.recipe, own.untrained), EPOCHS):
        share = apart(workload.network, own.trained, state.weights, own.untrained)
        if share < best.share:
            best = Fit(orders, share)
    return best


def checks(told: Told) -> List[Check]:
    """What the order that fits best says, if one fits."""
    best = fit(told)
    known = best.share <= ONE_SAMPLE
    words = ", then ".join(" ".join(str(sample + 1) for sample in order) for order in best.orders)
    detail = f"nearest to samples {words}"
    return [
        Check(
            name="every-picture-once",
            expected=0.0,
            seen=best.share,
            tolerance=ONE_SAMPLE,
            detail=detail,
        ),
        Check(
            name="shuffle",
            expected=1.0,
            seen=float(_unlike_the_file(best)) if known else None,
            detail=detail,
        ),
        Check(
            name="reshuffle",
            expected=1.0,
            seen=float(_drawn_anew(best)) if known else None,
            detail=detail,
        ),
    ]


def _unlike_the_file(fit: Fit) -> bool:
    return any(order != tuple(range(SAMPLES)) for order in fit.orders)


def _drawn_anew(fit: Fit) -> bool:
    return any(order != following for order, following in combinations(fit.orders, 2))


def _orders(step: Any, state: State, epochs: int) -> Iterator[Tuple[Tuple[Order, ...], State]]:
    """Every order of so many epochs, and the state after it."""
    if epochs == 0:
        yield (), state
        return
    for order, after in _an_epoch(step, state, tuple(range(SAMPLES))):
        for rest, end in _orders(step, after, epochs - 1):
            yield (order, *rest), end


def _an_epoch(step: Any, state: State, left: Order) -> Iterator[Tuple[Order, State]]:
    if not left:
        yield (), state
    for sample in left:
        others = tuple(remaining for remaining in left if remaining != sample)
        for order, end in _an_epoch(step, step(state, sample), others):
            yield (sample, *order), end
