"""A forward pass in JAX, and the function that each layer registers its own with."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List, Tuple

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Layer

Arrays = Tuple[Any, ...]


class Pass:
    """One forward pass: how operations are made, and where random numbers come from.

    ``statistics`` are those that this pass leaves, in the order of the weights. ``dtype`` is that
    of what is multiplied; None is float32.
    """

    def __init__(self, jax: Any, patches: bool, key: Any, dtype: Any = None) -> None:
        self.jax, self.patches, self._key, self._dtype = jax, patches, key, dtype
        self.training = key is not None
        self.statistics: List[Any] = []

    def cast(self, *arrays: Any) -> Arrays:
        """``arrays`` as they are multiplied."""
        if self._dtype is None:
            return arrays
        return tuple(array.astype(self._dtype) for array in arrays)

    def draw(self) -> Any:
        """A key that nothing else has."""
        self._key, own = self.jax.random.split(self._key)
        return own


@singledispatch
def forward(layer: Layer, way: Pass, x: Any, arrays: Arrays) -> Any:
    """What ``layer`` makes of a batch ``x`` with its own weights ``arrays``."""
    del way, x, arrays
    raise UntranslatedError("JAX", layer)


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
