"""The network's forward pass in plain NumPy: a second opinion on what a backend says it trained.

A backend's weights, before and after training, must give here what the framework said of them.
This holds for one network and one flattening order only, so a backend that trained another
network, or evaluated another, is found out.
"""

from __future__ import annotations

from typing import Any, Iterator, List, Sequence, Tuple

import numpy as np

from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool, Network

_BATCH = 250  # pictures at a time: their patches stay in the processor's cache
_EPSILON = 1e-7  # Keras' clip of a probability (keras.backend.epsilon)


def loss_and_error(
    network: Network, weights: Sequence[Any], images: Any, labels: Any
) -> Tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and error rate (a share) of ``weights``.

    Args:
        network: the layers.
        weights: kernels and biases as :meth:`runner.backends.base.Backend.weights` returns them.
        images: float32 (n, height, width) or (n, height, width, channels).
        labels: integers (n,).

    Raises:
        ValueError: the weights do not fit the network.
    """
    images = np.asarray(images, dtype=np.float32)
    images = images[..., None] if images.ndim == 3 else images
    layers = _with_weights(network, weights)
    loss, wrong = 0.0, 0
    for first in range(0, len(images), _BATCH):
        out = images[first : first + _BATCH]
        for layer, pair in layers:
            out = _forward(layer, pair, out)
        chosen = labels[first : first + _BATCH].astype(np.int64)
        likely = out[np.arange(len(out)), chosen]
        loss -= float(np.log(np.clip(likely, _EPSILON, 1.0)).sum())
        wrong += int((out.argmax(axis=1) != chosen).sum())
    return loss / len(images), wrong / len(images)


def patches(x: Any, kernel: Tuple[int, int]) -> Any:
    """All windows of ``x`` (n, h, w, c) as a view of shape (n, h - kh + 1, w - kw + 1, kh, kw, c).

    NumPy's own sliding_window_view came with 1.20, one release after the oldest image's.
    """
    (high, wide), (count, height, width, channels) = kernel, x.shape
    sample, row, column, channel = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (count, height - high + 1, width - wide + 1, high, wide, channels),
        (sample, row, column, row, column, channel),
        writeable=False,
    )


def _with_weights(network: Network, weights: Sequence[Any]) -> List[Tuple[Any, Tuple[Any, Any]]]:
    given: Iterator[Any] = iter(weights)
    layers = []
    for layer in network.layers:
        if isinstance(layer, Dropout):
            continue  # nothing is dropped when a network is used
        trained = isinstance(layer, (Conv, Dense))
        pair = (next(given, None), next(given, None)) if trained else (None, None)
        if trained and (pair[0] is None or pair[1] is None):
            raise ValueError(f"no weights for {layer}")
        layers.append((layer, pair))
    if next(given, None) is not None:
        raise ValueError("more weights than the network has")
    return layers


def _forward(layer: Any, pair: Tuple[Any, Any], x: Any) -> Any:
    if isinstance(layer, Flatten):
        return x.reshape(len(x), -1)
    if isinstance(layer, MaxPool):
        return _pool(layer, x)
    kernel, bias = pair
    if isinstance(layer, Conv):
        rows = patches(x, layer.kernel)
        matrix = kernel.reshape(-1, layer.filters)
        # Two axes, that is one product: of more NumPy makes many small ones.
        x = (rows.reshape(-1, len(matrix)) @ matrix).reshape(*rows.shape[:3], -1)
        x += bias
    else:
        x = x @ kernel + bias
    if layer.activation == "relu":
        return np.maximum(x, 0, out=x)
    if layer.activation == "softmax":
        x = np.exp(x - x.max(axis=-1, keepdims=True))
        return x / x.sum(axis=-1, keepdims=True)
    raise ValueError(f"unknown activation {layer.activation!r}")


def _pool(layer: MaxPool, x: Any) -> Any:
    (high, wide), (height, width) = layer.size, x.shape[1:3]
    parts = [
        x[:, row : height // high * high : high, column : width // wide * wide : wide]
        for row in range(high)
        for column in range(wide)
    ]
    best = parts[0].copy()
    for part in parts[1:]:
        np.maximum(best, part, out=best)
    return best
