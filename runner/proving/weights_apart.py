"""How far two results of training are apart, as a share of how far it was to go.

The tolerances are of float32 against double precision. Rounding alone makes 1e-5. Now and then an
input of a ReLU, or two of a maximum, is so near to the kink that it falls on the other side: then
the gradient of one sample takes another way.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any, List, NamedTuple, Sequence, Tuple

import numpy as np

from runner.channel import tensors
from runner.networks.network import Network
from runner.proving.trials import Told, Trial, write

ONE_SAMPLE = 0.005
"""For updates on one sample each: 2 of 2,400 sound runs were beyond it, and by far. Updates in
TF32 are mostly beyond 0.01, in bfloat16 beyond 0.03; a momentum of 0.89 makes 0.008 and more."""

A_BATCH = 0.03
"""For updates on a whole batch, in which some sample takes another way each time: the worst of 120
sound runs was 0.016. TF32 makes 0.05 and more, bfloat16 0.13."""

STATISTICS = 0.05
"""For what is kept of batches: tools whose variance is the unbiased one are beyond by 1 / (n - 1)
of its way, 0.016 of 8 x 8 places, and Theano by its epsilon too; a mean carries a bias along that
moves by rounding alone. A momentum of 0.99 for 0.9 makes 0.9."""

_FARTHEST = 1e6


Arrays = Sequence[Any]


class Seen(NamedTuple):
    """What a trial gives to compare: weights before and after, and its data as NumPy takes it."""

    untrained: List[Any]
    trained: List[Any]
    inputs: Any
    labels: Any


def seen(told: Told) -> Seen:
    """The weights and the data of a trial.

    Raises:
        ChannelError: shapes and bytes of the weights do not fit together.
        ValueError: they are not those of the network.
    """
    inputs, labels = arrays(told.trial)
    untrained, trained = tensors(told.untrained), tensors(told.trained)
    due = told.trial.workload.network.numbers()
    for weights in (untrained, trained):
        count = sum(int(weight.size) for weight in weights)
        if count != due:
            raise ValueError(f"{count} weights, the network has {due}")
    return Seen(untrained, trained, inputs, labels)


def arrays(trial: Trial) -> Tuple[Any, Any]:
    """Inputs and labels as a trainer gets them."""
    with tempfile.TemporaryDirectory(prefix="data-") as place:
        folder = Path(place) / "data"
        checksums = write(folder, trial)
        data = trial.workload.format.load(folder, checksums, None)
    return data.train_inputs, data.train_labels


def apart(network: Network, found: Arrays, wanted: Arrays, start: Arrays) -> float:
    """The distance of two results of training over the way that training was to go.

    Both are Euclidean, of one tensor; of all tensors that move by their gradients
    (:meth:`runner.networks.network.Network.told_by_gradients`) it is the largest. A tensor that was
    not to move and did is as far away as can be told, and so are weights that are no numbers.
    """
    return _largest(network.told_by_gradients(), found, wanted, start)


def statistics_apart(network: Network, found: Arrays, wanted: Arrays, start: Arrays) -> float:
    """The same of those that no gradient moves; 0 where there are none."""
    chosen = [not weight.trained for weight in network.weights()]
    return _largest(chosen, found, wanted, start)


def _largest(chosen: Sequence[bool], found: Arrays, wanted: Arrays, start: Arrays) -> float:
    shares = [0.0]
    for counted, own, aim, before in zip(chosen, found, wanted, start):
        way = float(np.linalg.norm(aim - before))
        gap = float(np.linalg.norm(own - aim))
        if not math.isfinite(gap):  # nothing is larger than NaN, or smaller
            shares.append(_FARTHEST)
        elif counted:
            shares.append(gap / way if way else float(gap > 0) * _FARTHEST)
    return min(_FARTHEST, max(shares))
