"""Is every picture taken once an epoch, in an order that is drawn anew for each?

Batches of one picture, a few of them: the weights after training are compared with those of every
possible order in NumPy. Exactly one fits, and tells in which order the pictures were taken.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any, Iterator, List, NamedTuple, Tuple

from runner.contract.conformance import Check
from runner.networks import sgd_in_numpy
from runner.networks.sgd_in_numpy import State
from runner.proving.plans import EPOCHS, PICTURES
from runner.proving.trials import Told
from runner.proving.weights_apart import apart, seen

TRIES = 4
"""A sound backend looks as if it did not shuffle in all of them once in 36 ** 4 = 1.7 million."""

TOLERANCE = 0.01
"""Nine updates one after the other: differences of rounding grow. The nearest of the other orders
is much further away."""

Order = Tuple[int, ...]


class Fit(NamedTuple):
    """The order of each epoch that fits best, and how far from it the weights are."""

    orders: Tuple[Order, ...]
    share: float


def fit(told: Told) -> Fit:
    """Try every order."""
    own, workload = seen(told), told.trial.workload

    def step(state: State, picture: int) -> State:
        one = slice(picture, picture + 1)
        return sgd_in_numpy.updated(
            workload.network, workload.recipe, state, own.images[one], own.labels[one]
        )

    best = Fit((), math.inf)
    for orders, state in _orders(step, sgd_in_numpy.begin(own.untrained), EPOCHS):
        share = apart(own.trained, state.weights, own.untrained)
        if share < best.share:
            best = Fit(orders, share)
    return best


def by_chance(fits: List[Fit]) -> bool:
    """Whether what was seen looks as if nothing was shuffled, as it does now and then by chance."""
    shuffled = any(map(_unlike_the_file, fits)) and any(map(_drawn_anew, fits))
    return not shuffled and all(fit.share <= TOLERANCE for fit in fits)


def checks(fits: List[Fit]) -> List[Check]:
    """What the trials prove together."""
    worst = max(fits, key=lambda fit: fit.share)
    known = worst.share <= TOLERANCE
    words = "; ".join(", then ".join(_words(order) for order in fit.orders) for fit in fits)
    return [
        Check(
            name="every-picture-once",
            expected=0.0,
            seen=min(worst.share, 1e9),
            tolerance=TOLERANCE,
            detail=f"nearest to pictures {words}",
        ),
        Check(
            name="shuffle",
            expected=1.0,
            seen=float(any(map(_unlike_the_file, fits))) if known else None,
            detail=f"in {len(fits)} trial(s) of {EPOCHS} epochs: pictures {words}",
        ),
        Check(
            name="reshuffle",
            expected=1.0,
            seen=float(any(map(_drawn_anew, fits))) if known else None,
            detail=f"in {len(fits)} trial(s) of {EPOCHS} epochs: pictures {words}",
        ),
    ]


def _unlike_the_file(fit: Fit) -> bool:
    return any(order != tuple(range(PICTURES)) for order in fit.orders)


def _drawn_anew(fit: Fit) -> bool:
    return any(one != other for one, other in combinations(fit.orders, 2))


def _words(order: Order) -> str:
    return " ".join(str(picture + 1) for picture in order)


def _orders(step: Any, state: State, epochs: int) -> Iterator[Tuple[Tuple[Order, ...], State]]:
    """Every order of so many epochs, and the state after it."""
    if epochs == 0:
        yield (), state
        return
    for order, after in _an_epoch(step, state, tuple(range(PICTURES))):
        for rest, end in _orders(step, after, epochs - 1):
            yield (order, *rest), end


def _an_epoch(step: Any, state: State, left: Order) -> Iterator[Tuple[Order, State]]:
    if not left:
        yield (), state
    for picture in left:
        others = tuple(other for other in left if other != picture)
        for order, end in _an_epoch(step, step(state, picture), others):
            yield (picture, *order), end
