"""The layers of a network as functions of JAX: pictures to logits, channels last."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from runner.backends.jax import jax_attention, jax_pictures, jax_text
from runner.backends.jax.jax_forward import Arrays, Pass, activated, dropped, forward, through
from runner.networks.layers import (
    LSTM,
    Activate,
    BatchNorm,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalMax,
    Normal,
    Residual,
    Weight,
)
from runner.networks.layers.layer import UNIFORM_EDGE
from runner.networks.network import Network

__all__ = ["Layers", "forward", "jax_attention", "jax_pictures"]


class Layers:
    """``network`` in JAX.

    With ``patches`` convolutions are matrix products of patches and maxima those of reshaped
    windows: XLA compiles both to fast code for a CPU, unlike its own operations for them.
    """

    def __init__(self, jax: Any, network: Network, patches: bool, dtype: Any = None) -> None:
        """``dtype``: of what is multiplied; None is float32."""
        self._jax, self._network, self.patches, self._dtype = jax, network, patches, dtype

    def initial(self, key: Any) -> List[Any]:
        """The first values of all weights, as the layers state them."""
        arrays = []
        for weight in self._network.weights():
            key, own = self._jax.random.split(key)
            arrays.append(_first_values(self._jax, weight, own))
        return arrays

    def parted(self, weights: Sequence[Any]) -> Tuple[List[Any], List[Any]]:
        """Those that are trained, and the statistics."""
        pairs = list(zip(self._network.weights(), weights))
        return (
            [array for weight, array in pairs if weight.trained],
            [array for weight, array in pairs if not weight.trained],
        )

    def joined(self, trained: Sequence[Any], statistics: Sequence[Any]) -> List[Any]:
        """What :meth:`parted` parted."""
        own, kept = iter(trained), iter(statistics)
        return [next(own if weight.trained else kept) for weight in self._network.weights()]

    def logits(self, weights: Sequence[Any], x: Any, key: Any) -> Tuple[Any, List[Any]]:
        """What the last layer gives before its softmax, which is in the loss, and new statistics.

        Both are in float32.

        Args:
            weights: as :meth:`initial` has them.
            x: float32 (n, h, w, channels), or int32 (n, time) of texts.
            key: for dropout; None while the network is used: then there are no new statistics.
        """
        way = Pass(self._jax, self.patches, key, self._dtype)
        x = through(self._network.grouped(weights), way, x)
        return x.astype("float32"), way.statistics


def _first_values(jax: Any, weight: Weight, key: Any) -> Any:
    start = weight.initialiser
    if isinstance(start, Normal):
        return start.deviation * jax.random.normal(key, weight.shape)
    if start == "forget_ones":
        wanted = (0.0, 1.0, 0.0, 0.0)
        return jax.numpy.repeat(jax.numpy.array(wanted), weight.size // len(wanted))
    if start in ("ones", "zeros"):
        return getattr(jax.numpy, start)(weight.shape)
    if start == "random_uniform":
        return jax.random.uniform(key, weight.shape, minval=-UNIFORM_EDGE, maxval=UNIFORM_EDGE)
    return getattr(jax.nn.initializers, start)()(key, weight.shape)


@forward.register
def _dense(layer: Dense, way: Pass, x: Any, arrays: Arrays) -> Any:
    x, kernel, *biases = way.cast(x, *arrays)
    return activated(way, sum(biases, x @ kernel), layer.activation)


@forward.register
def _flatten(layer: Flatten, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way, arrays
    return x.reshape(len(x), -1)


@forward.register
def _dropout(layer: Dropout, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    return dropped(way, x, layer.rate)


@forward.register
def _activate(layer: Activate, way: Pass, x: Any, arrays: Arrays) -> Any:
    del arrays
    return activated(way, x, layer.activation)


@forward.register
def _batch_norm(layer: BatchNorm, way: Pass, x: Any, arrays: Arrays) -> Any:
    gamma, beta, mean, variance = arrays
    x = x.astype("float32")
    if way.training:
        axes = tuple(range(x.ndim - 1))
        of_batch = x.mean(axis=axes), x.var(axis=axes)
        for moving, new in zip((mean, variance), of_batch):
            way.statistics.append(layer.momentum * moving + (1.0 - layer.momentum) * new)
        mean, variance = of_batch
    scale = gamma * way.jax.lax.rsqrt(variance + layer.epsilon)
    return way.cast((x - mean) * scale + beta)[0]


@forward.register
def _residual(layer: Residual, way: Pass, x: Any, arrays: Arrays) -> Any:
    ends = []
    for pairs in layer.sides(x.shape[1:], arrays):
        ends.append(through(pairs, way, x))
    return activated(way, ends[0] + ends[1], layer.activation)


@forward.register
def _embedding(layer: Embedding, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer
    return way.cast(arrays[0][x])[0]


@forward.register
def _lstm(layer: LSTM, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer
    return jax_text.last_output(way.jax, *way.cast(x, *arrays))


@forward.register
def _convolution_over_time(layer: Conv1D, way: Pass, x: Any, arrays: Arrays) -> Any:
    x, kernel, bias = way.cast(x, *arrays)
    out = jax_text.correlation(way.jax, x, kernel, as_product=way.patches)
    return activated(way, out + bias, layer.activation)


@forward.register
def _maximum(layer: GlobalMax, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, way, arrays
    return x.max(axis=1)
