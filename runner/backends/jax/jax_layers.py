"""The layers of a network as functions of JAX: pictures to logits, channels last."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List, Tuple

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool
from runner.networks.network import Network

Arrays = Tuple[Any, ...]

_LAYOUT = ("NHWC", "HWIO", "NHWC")


class Layers:
    """``network`` in JAX.

    With ``patches`` convolutions are matrix products of patches and maxima those of reshaped
    windows: XLA compiles both to fast code for a CPU, unlike its own operations for them.
    """

    def __init__(self, jax: Any, network: Network, patches: bool) -> None:
        self._jax, self._network, self.patches = jax, network, patches

    def initial(self, key: Any) -> List[Arrays]:
        """The first values of each layer's weights, as the layers state them."""
        jax, glorot = self._jax, self._jax.nn.initializers.glorot_uniform()
        layers: List[Arrays] = []
        for layer, inputs in zip(self._network.layers, self._network.shapes()):
            arrays = []
            for weight in layer.weights(inputs):
                if weight.initialiser == "zeros":
                    arrays.append(jax.numpy.zeros(weight.shape))
                    continue
                key, some = jax.random.split(key)
                arrays.append(glorot(some, weight.shape))
            layers.append(tuple(arrays))
        return layers

    def logits(self, weights: List[Arrays], x: Any, key: Any) -> Any:
        """What the last layer gives before its softmax, which is in the loss.

        Args:
            weights: as :meth:`initial` has them.
            x: float32 (n, h, w, channels).
            key: for dropout; None while the network is used.
        """
        way = Pass(self._jax, self.patches, key)
        for layer, arrays in zip(self._network.layers, weights):
            x = forward(layer, way, x, arrays)
        return x


class Pass:
    """One forward pass: how operations are made, and where random numbers come from."""

    def __init__(self, jax: Any, patches: bool, key: Any) -> None:
        self.jax, self.patches, self._key = jax, patches, key
        self.training = key is not None

    def draw(self) -> Any:
        """A key that nothing else has."""
        self._key, own = self.jax.random.split(self._key)
        return own


@singledispatch
def forward(layer: Layer, way: Pass, x: Any, arrays: Arrays) -> Any:
    """What ``layer`` makes of a batch ``x`` with its own weights ``arrays``."""
    del way, x, arrays
    raise UntranslatedError("JAX", layer)


@forward.register
def _conv(layer: Conv, way: Pass, x: Any, arrays: Arrays) -> Any:
    kernel, bias = arrays
    if way.patches:
        out = _product_of_patches(way.jax.numpy, x, kernel)
    else:
        out = way.jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=_LAYOUT
        )
    return _activated(way, out + bias, layer.activation)


@forward.register
def _dense(layer: Dense, way: Pass, x: Any, arrays: Arrays) -> Any:
    kernel, bias = arrays
    return _activated(way, x @ kernel + bias, layer.activation)


@forward.register
def _pool(layer: MaxPool, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    (high, wide), (count, height, width, channels) = layer.size, x.shape
    if way.patches:
        # No windows overlap, so the rest at the edges left out, a reshape makes them axes. The
        # gradient of reduce_window takes a third of an epoch on a CPU.
        rows, columns = height // high, width // wide
        whole = x[:, : rows * high, : columns * wide]
        return whole.reshape(count, rows, high, columns, wide, channels).max(axis=(2, 4))
    lax, window = way.jax.lax, (1, high, wide, 1)
    return lax.reduce_window(x, -way.jax.numpy.inf, lax.max, window, window, "VALID")


@forward.register
def _flatten(layer: Flatten, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way, arrays
    return x.reshape(len(x), -1)


@forward.register
def _dropout(layer: Dropout, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    if not way.training:
        return x
    kept = way.jax.random.bernoulli(way.draw(), 1.0 - layer.rate, x.shape)
    return way.jax.numpy.where(kept, x / (1.0 - layer.rate), 0.0)


def _product_of_patches(jnp: Any, x: Any, kernel: Any) -> Any:
    high, wide = kernel.shape[:2]
    height, width = x.shape[1] - high + 1, x.shape[2] - wide + 1
    windows = [
        x[:, row : row + height, column : column + width]
        for row in range(high)
        for column in range(wide)
    ]
    return jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def _activated(way: Pass, x: Any, name: str) -> Any:
    # Softmax is in the loss, as JAX's users have it.
    return {"relu": way.jax.nn.relu, "softmax": lambda logits: logits}[name](x)
