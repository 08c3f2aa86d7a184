"""Is dropout what the network says: the share that is dropped, and the scale of the rest?

After one update on one sample the change of a dense layer's kernel is the product of what came in
and the change of its bias: each row tells what its input was multiplied with, 0 or 1 / (1 - rate).
With these factors NumPy makes the same update.
"""

from __future__ import annotations

import math
from typing import List, Sequence, Tuple

import numpy as np

from runner.contract.conformance import Check
from runner.networks import sgd_in_numpy
from runner.networks.layers import Dense, Dropout
from runner.networks.network import Network
from runner.proving import decoder_dropout
from runner.proving.trials import Told
from runner.proving.weights_apart import ONE_SAMPLE, apart, seen

_BRIGHT = 0.05
"""Of the largest input: of smaller ones the change is lost in the weights' rounding."""

_DEVIATIONS = 4.0
"""Standard deviations of the binomial share. Of the 6,300 inputs and more that are bright enough
(:data:`runner.proving.dropout_plans.DRAWS`) that is 0.02 of a share of 0.2. Chance takes a sound
backend beyond it once in 16,000 trials, and it is asked up to three times. Of other rates with the
scale of 0.2, one of 0.15 passes less than once in a billion proofs, 0.16 once in 38,000, 0.17 once
in 18, and 0.18 mostly."""


def named(told: Told, names: Sequence[str]) -> List[Check]:
    """:func:`checks`, called ``names``; a decoder has its own."""
    if names == decoder_dropout.NAMES:
        return decoder_dropout.checks(told)
    found = checks(told)
    return [check.model_copy(update={"name": name}) for check, name in zip(found, names)]


def checks(told: Told) -> List[Check]:
    """Rate and scale as the kernel's rows show them, and the update that they give in NumPy.

    Raises:
        ValueError: the network has no dropout that goes into a dense layer.
    """
    workload, own = told.trial.workload, seen(told)
    number, rate = _place(workload.network)
    inputs = sgd_in_numpy.into_dropout(workload.network, own.untrained, own.inputs)
    values = inputs.reshape(-1)
    rows = own.trained[number].astype(np.float64) - own.untrained[number]
    bias = own.trained[number + 1].astype(np.float64) - own.untrained[number + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = rows @ bias / (values * (bias @ bias))
    whole = 1.0 / (1.0 - rate)
    gone = np.nan_to_num(factors) < whole / 2
    bright = values > _BRIGHT * values.max()
    kept = np.where(gone, 0.0, whole).reshape(inputs.shape)
    state = sgd_in_numpy.updated(
        workload.network, workload.recipe, sgd_in_numpy.begin(workload.recipe, own.untrained),
        own.inputs, own.labels, kept,
    )  # fmt: skip
    count = int(bright.sum())
    left = factors[bright & ~gone]
    return [
        Check(
            name="dropout",
            expected=0.0,
            seen=apart(workload.network, own.trained, state.weights, own.untrained),
            tolerance=ONE_SAMPLE,
            detail="one update on one sample, with what the weights show was dropped",
        ),
        Check(
            name="dropout-rate",
            expected=rate,
            seen=float(gone[bright].mean()) if count else None,
            tolerance=_DEVIATIONS * math.sqrt(rate * (1 - rate) / max(1, count)),
            detail=f"of {count} inputs",
        ),
        Check(
            name="dropout-scale",
            expected=whole,
            seen=float(np.median(left)) if len(left) else None,
            tolerance=ONE_SAMPLE,
            detail=f"of {len(left)} inputs that were kept",
        ),
    ]


def _place(network: Network) -> Tuple[int, float]:
    """The number of the kernel that the dropout goes into, and its rate."""
    number, rate = 0, None
    for layer, inputs in zip(network.layers, network.shapes()):
        if isinstance(layer, Dropout) and layer.rate:
            rate = layer.rate
        elif isinstance(layer, Dense) and rate is not None:
            return number, rate
        number += len(layer.weights(inputs))
    raise ValueError("the network has no dropout that goes into a dense layer")
