"""A forward pass in JAX, and the function that each layer registers its own with."""

from __future__ import annotations

from functools import singledispatch
from itertools import zip_longest
from typing import Any, Iterable, List, Tuple

from runner.backends.common import padded
from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Layer, Pad

Arrays = Tuple[Any, ...]

_NONE = ((0, 0), (0, 0))


class Pass:
    """One forward pass: how operations are made, and where random numbers come from.

    ``statistics`` are those that this pass leaves, in the order of the weights. ``dtype`` is that
    of what is multiplied; None is float32.
    """

    def __init__(self, jax: Any, patches: bool, key: Any, dtype: Any = None) -> None:
        self.jax, self.patches, self._key, self._dtype = jax, patches, key, dtype
        self.training = key is not None
        self.statistics: List[Any] = []
        self._zeros = _NONE

    def cast(self, *arrays: Any) -> Arrays:
        """``arrays`` as they are multiplied."""
        if self._dtype is None:
            return arrays
        return tuple(array.astype(self._dtype) for array in arrays)

    def put_zeros(self, rows: Tuple[int, int], columns: Tuple[int, int]) -> None:
        """The next convolution puts these around its pictures."""
        self._zeros = (rows, columns)

    def zeros(self) -> Tuple[Tuple[int, int], Tuple[int, int]]:
        """Those that a convolution is to put: above and below, left and right."""
        found, self._zeros = self._zeros, _NONE
        return found

    def draw(self) -> Any:
        """A key that nothing else has."""
        self._key, own = self.jax.random.split(self._key)
        return own


@singledispatch
def forward(layer: Layer, way: Pass, x: Any, arrays: Arrays) -> Any:
    """What ``layer`` makes of a batch ``x`` with its own weights ``arrays``."""
    del way, x, arrays
    raise UntranslatedError("JAX", layer)


def through(pairs: Iterable[Tuple[Layer, Arrays]], way: Pass, x: Any) -> Any:
    """What layers with their weights, one after the other, make of a batch ``x``.

    Zeros before a convolution are the convolution's own: XLA does not join the two on a CPU, where
    a layer of zeros of its own made one of Keras' steps last 2.4 times as long (2026-11-27).
    """
    pairs = list(pairs)
    followers = [layer for layer, _ in pairs[1:]]
    for (layer, arrays), following in zip_longest(pairs, followers):
        if isinstance(layer, Pad) and padded.convolves(following) and not way.patches:
            way.put_zeros(layer.rows, layer.columns)
        else:
            x = forward(layer, way, x, arrays)
    return x


def dropped(way: Pass, x: Any, rate: float) -> Any:
    """``x`` with a share of its values left out, while the network is trained."""
    if not way.training or not rate:
        return x
    kept = way.jax.random.bernoulli(way.draw(), 1.0 - rate, x.shape)
    return way.jax.numpy.where(kept, x / (1.0 - rate), 0.0)


def activated(way: Pass, x: Any, name: str) -> Any:
    """``x`` after an activation."""
    # Softmax is in the loss, as JAX's users have it.
    return way.jax.nn.relu(x) if name == "relu" else x
