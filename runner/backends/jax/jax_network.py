"""The layers of a network as functions of JAX: pictures to logits."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool, Network

_LAYOUT = ("NHWC", "HWIO", "NHWC")


class Layers:
    """``network`` in JAX, channels last.

    With ``patches`` convolutions are matrix products of patches and maxima those of reshaped
    windows: XLA compiles both to fast code for a CPU, unlike its own operations for them.
    """

    def __init__(self, jax: Any, network: Network, patches: bool) -> None:
        self._jax, self._network, self.patches = jax, network, patches

    def initial(self, key: Any) -> List[Tuple[Any, Any]]:
        """Kernel and bias of each trained layer: Glorot's uniform initialiser and zeros."""
        jax = self._jax
        glorot, weights = jax.nn.initializers.glorot_uniform(), []
        for layer, (*_, inputs) in zip(self._network.layers, self._network.shapes()):
            if isinstance(layer, Conv):
                shape: Tuple[int, ...] = (*layer.kernel, inputs, layer.filters)
            elif isinstance(layer, Dense):
                shape = (inputs, layer.units)
            else:
                continue
            key, some = jax.random.split(key)
            weights.append((glorot(some, shape), jax.numpy.zeros(shape[-1])))
        return weights

    def logits(self, weights: List[Tuple[Any, Any]], x: Any, key: Any) -> Any:
        """What the last layer gives before its softmax, which is in the loss.

        Args:
            weights: as :meth:`initial` has them.
            x: float32 (n, h, w, channels).
            key: for dropout; None while the network is used.
        """
        jax, given = self._jax, iter(weights)
        for layer in self._network.layers:
            if isinstance(layer, (Conv, Dense)):
                kernel, bias = next(given)
                x = self._conv(x, kernel) if isinstance(layer, Conv) else x @ kernel
                x = x + bias
                x = jax.nn.relu(x) if layer.activation == "relu" else x
            elif isinstance(layer, MaxPool):
                x = self._pool(x, layer.size)
            elif isinstance(layer, Flatten):
                x = x.reshape(len(x), -1)
            elif isinstance(layer, Dropout):
                if key is not None:
                    key, some = jax.random.split(key)
                    kept = jax.random.bernoulli(some, 1.0 - layer.rate, x.shape)
                    x = jax.numpy.where(kept, x / (1.0 - layer.rate), 0.0)
            else:
                raise TypeError(f"JAX has no translation of {type(layer).__name__} yet")
        return x

    def _conv(self, x: Any, kernel: Any) -> Any:
        lax, jnp = self._jax.lax, self._jax.numpy
        if not self.patches:
            return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=_LAYOUT)
        high, wide = kernel.shape[:2]
        height, width = x.shape[1] - high + 1, x.shape[2] - wide + 1
        windows = [
            x[:, row : row + height, column : column + width]
            for row in range(high)
            for column in range(wide)
        ]
        return jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])

    def _pool(self, x: Any, size: Tuple[int, int]) -> Any:
        lax, jnp = self._jax.lax, self._jax.numpy
        (high, wide), (count, height, width, channels) = size, x.shape
        if self.patches:
            # No windows overlap, so the rest at the edges left out, a reshape makes them axes. The
            # gradient of reduce_window takes a third of an epoch on a CPU.
            rows, columns = height // high, width // wide
            whole = x[:, : rows * high, : columns * wide]
            return whole.reshape(count, rows, high, columns, wide, channels).max(axis=(2, 4))
        window = (1, high, wide, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
