"""One layer's way forward while it is trained, and its way back.

Each family of layers has a module beside this one, which registers a function for each of its
layers; the layer's way forward as a network is used stands in :mod:`runner.networks.layers`.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Callable, Iterator, List, NamedTuple, Sequence, Tuple

from runner.networks.layers import Layer

Arrays = Tuple[Any, ...]
Back = Callable[[Any], Tuple[Any, List[Any]]]
"""From the gradient of a layer's output: the gradients of its input and of its weights, in their
order. In a statistic's place is what it falls by in this step."""


class Passed(NamedTuple):
    """What came out of a layer, (n, ...), and its way back."""

    out: Any
    back: Back


@singledispatch
def passed(layer: Layer, x: Any, arrays: Arrays, kept: Any) -> Passed:
    """A batch on its way through ``layer``.

    Args:
        layer: whose function is called.
        x: float64 (n, *inputs). It is never written to.
        arrays: the layer's own weights.
        kept: what a dropout with a rate above 0 multiplies its input with, in its shape; 1.0 drops
            nothing. Of several dropouts an iterator: each has its own.

    Raises:
        TypeError: its way back is not known here.
    """
    del x, arrays, kept
    raise TypeError(f"NumPy has no way back through {type(layer).__name__} yet")


def factor_of(kept: Any, rate: float) -> Any:
    """What a dropout of this rate multiplies with: its own of ``kept``, see :func:`passed`."""
    if not rate:
        return 1.0
    return next(kept) if isinstance(kept, Iterator) else kept


def through(pairs: Sequence[Tuple[Layer, Arrays]], x: Any, kept: Any) -> Passed:
    """A batch on its way through layers one after the other, each with its own weights."""
    ways: List[Back] = []
    for layer, arrays in pairs:
        x, way = passed(layer, x, arrays, kept)
        ways.append(way)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        found: List[Any] = []
        for way in reversed(ways):
            error, own = way(error)
            found = own + found
        return error, found

    return Passed(x, back)
