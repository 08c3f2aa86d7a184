"""The layers of a network as functions of JAX: pictures to logits, channels last."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List, Tuple

from runner.backends.common.translation import UntranslatedError
from runner.backends.jax import jax_text
from runner.networks.layers import (
    LSTM,
    Conv,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalMax,
    Layer,
    MaxPool,
    Weight,
)
from runner.networks.layers.layer import UNIFORM_EDGE
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
        layers: List[Arrays] = []
        for layer, inputs in zip(self._network.layers, self._network.shapes()):
            arrays = []
            for weight in layer.weights(inputs):
                key, own = self._jax.random.split(key)
                arrays.append(_first_values(self._jax, weight, own))
            layers.append(tuple(arrays))
        return layers

    def logits(self, weights: List[Arrays], x: Any, key: Any) -> Any:
        """What the last layer gives before its softmax, which is in the loss.

        Args:
            weights: as :meth:`initial` has them.
            x: float32 (n, h, w, channels), or int32 (n, time) of texts.
            key: for dropout; None while the network is used.
        """
        way = Pass(self._jax, self.patches, key)
        for layer, arrays in zip(self._network.layers, weights):
            x = forward(layer, way, x, arrays)
        return x


def _first_values(jax: Any, weight: Weight, key: Any) -> Any:
    if weight.initialiser == "forget_ones":
        wanted = (0.0, 1.0, 0.0, 0.0)
        return jax.numpy.repeat(jax.numpy.array(wanted), weight.size // len(wanted))
    if weight.initialiser == "zeros":
        return jax.numpy.zeros(weight.shape)
    if weight.initialiser == "random_uniform":
        return jax.random.uniform(key, weight.shape, minval=-UNIFORM_EDGE, maxval=UNIFORM_EDGE)
    return getattr(jax.nn.initializers, weight.initialiser)()(key, weight.shape)


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
def _embedding(layer: Embedding, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way
    return arrays[0][x]


@forward.register
def _lstm(layer: LSTM, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer
    return jax_text.last_output(way.jax, x, *arrays)


@forward.register
def _convolution_over_time(layer: Conv1D, way: Pass, x: Any, arrays: Arrays) -> Any:
    kernel, bias = arrays
    out = jax_text.correlation(way.jax, x, kernel, as_product=way.patches)
    return _activated(way, out + bias, layer.activation)


@forward.register
def _maximum(layer: GlobalMax, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way, arrays
    return x.max(axis=1)


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
