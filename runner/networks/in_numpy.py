"""The network's forward pass in plain NumPy: a second opinion on what a backend says it trained.

A backend's weights, before and after training, must give here what the framework said of them.
This holds for one network and one flattening order only, so a backend that trained another
network, or evaluated another, is found out.
"""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import numpy as np

from runner.networks.network import Network

_BATCH = 250  # pictures at a time: their patches stay in the processor's cache
_EPSILON = 1e-7  # Keras' clip of a probability (keras.backend.epsilon)


def loss_and_error(
    network: Network, weights: Sequence[Any], images: Any, labels: Any
) -> Tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and error rate (a share) of ``weights``.

    Args:
        network: the layers.
        weights: arrays as :meth:`runner.backends.base.Trainer.weights` returns them.
        images: float32 (n, height, width) or (n, height, width, channels).
        labels: integers (n,).

    Raises:
        ValueError: the weights do not fit the network.
    """
    images = np.asarray(images, dtype=np.float32)
    images = images[..., None] if images.ndim == 3 else images
    layers = network.grouped(weights)
    loss, wrong = 0.0, 0
    for first in range(0, len(images), _BATCH):
        out = images[first : first + _BATCH]
        for layer, arrays in layers:
            out = layer.forward(out, *arrays)
        chosen = labels[first : first + _BATCH].astype(np.int64)
        likely = out[np.arange(len(out)), chosen]
        loss -= float(np.log(np.clip(likely, _EPSILON, 1.0)).sum())
        wrong += int((out.argmax(axis=1) != chosen).sum())
    return loss / len(images), wrong / len(images)
