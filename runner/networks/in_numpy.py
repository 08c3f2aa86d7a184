"""The network's forward pass in plain NumPy: a second opinion on what a backend says it trained.

A backend's weights, before and after training, must give here what the framework said of them.
This holds for one network and one flattening order only, so a backend that trained another
network, or evaluated another, is found out.
"""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import numpy as np

from runner.networks.network import Network

_BATCH = 250  # samples at a time: their patches stay in the processor's cache
_EPSILON = 1e-7  # Keras' clip of a probability (keras.backend.epsilon)


def probabilities(network: Network, weights: Sequence[Any], inputs: Any) -> Any:
    """What the last layer's softmax gives, (n, classes).

    Args:
        network: the layers.
        weights: arrays as :meth:`runner.backends.base.Trainer.handover` returns them.
        inputs: (n, *the network's input shape), pictures with their channels last.

    Raises:
        ValueError: the weights do not fit the network.
    """
    layers = network.grouped(weights)
    parts = []
    for first in range(0, len(inputs), _BATCH):
        out = inputs[first : first + _BATCH]
        for layer, arrays in layers:
            out = layer.forward(out, *arrays)
        parts.append(out)
    return np.concatenate(parts)


def loss_and_error(likely: Any, labels: Any) -> Tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and error rate (a share) of probabilities.

    Args:
        likely: (n, classes).
        labels: integers (n,).
    """
    labels = labels.astype(np.int64)
    chosen = likely[np.arange(len(likely)), labels].astype(np.float64)
    loss = -np.log(np.clip(chosen, _EPSILON, 1.0)).mean()
    return float(loss), float((likely.argmax(axis=1) != labels).mean())
