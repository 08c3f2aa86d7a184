"""The network's forward pass in plain NumPy: a second opinion on what a backend says it trained.

A backend's weights, before and after training, must give here what the framework said of them.
This holds for one network and one flattening order only, so a backend that trained another
network, or evaluated another, is found out.
"""

from __future__ import annotations

import math
from typing import Any, Optional, Sequence, Tuple

import numpy as np

from runner.networks.network import Network

# Samples at a time, or steps of such that have many: what is made of them stays in the processor's
# cache.
_BATCH = 250
_EPSILON = 1e-7  # Keras' clip of a probability (keras.backend.epsilon)
_LEAST = 2.0**-149  # of float32 above 0: a probability of less than e**-103 is taken for this


def probabilities(network: Network, weights: Sequence[Any], inputs: Any) -> Any:
    """What the last layer's softmax gives, (n, classes), or of each step, (n, time, classes).

    Args:
        network: the layers.
        weights: arrays as :meth:`runner.backends.base.Trainer.handover` returns them.
        inputs: (n, *the network's input shape), pictures with their channels last.

    Raises:
        ValueError: the weights do not fit the network.
    """
    layers = network.grouped(weights)
    parts, size = [], max(1, _BATCH // math.prod(network.shapes()[-1][:-1]))
    for first in range(0, len(inputs), size):
        out = inputs[first : first + size]
        for layer, arrays in layers:
            out = layer.forward(out, *arrays)
        parts.append(out)
    return np.concatenate(parts)


def loss_and_error(
    likely: Any, labels: Any, claimed: Optional[float] = None
) -> Tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and error rate (a share) of probabilities.

    Args:
        likely: (n, classes), or (n, time, classes).
        labels: integers (n,), or (n, time).
        claimed: the mean that a tool says it is, as for :func:`losses`.
    """
    loss = losses(likely, labels, claimed).mean()
    return float(loss), float((likely.argmax(axis=-1) != labels).mean())


def losses(likely: Any, labels: Any, claimed: Optional[float] = None) -> Any:
    """The cross-entropy of each label, in their shape; arguments as of :func:`loss_and_error`.

    Keras takes no probability for less than 1e-7, which bounds a loss by 16.1 nats; PyTorch, JAX
    and MXNet have no such bound. With ``claimed`` it is of the two that whose mean is nearer to it,
    else Keras'.
    """
    places = labels.astype(np.int64)[..., None]
    chosen = np.take_along_axis(likely, places, axis=-1)[..., 0].astype(np.float64)
    bounded = -np.log(np.clip(chosen, _EPSILON, 1.0))
    if claimed is None:
        return bounded
    whole = -np.log(np.clip(chosen, _LEAST, 1.0))
    return min((bounded, whole), key=lambda found: abs(float(found.mean()) - claimed))
