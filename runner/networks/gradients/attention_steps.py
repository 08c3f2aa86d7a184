"""Steps of the layers of a transformer's decoder."""

from __future__ import annotations

import math
from typing import Any, List, Tuple

import numpy as np

from runner.networks.gradients.passing import Arrays, Passed, factor_of, passed
from runner.networks.layers import Attention, Gelu, LayerNorm, Positions
from runner.networks.layers.attention import attended


@passed.register
def _positions(layer: Positions, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    return Passed(layer.forward(x, *arrays), lambda error: (error, [error.sum(axis=0)]))


@passed.register
def _layer_norm(layer: LayerNorm, x: Any, arrays: Arrays, kept: Any) -> Passed:
    """Through mean and variance as well."""
    del kept
    even, spread = layer.normalised(x)
    (gamma,) = arrays

    def back(error: Any) -> Tuple[Any, List[Any]]:
        slope = error * gamma
        along = (slope * even).mean(axis=-1, keepdims=True)
        before = (slope - slope.mean(axis=-1, keepdims=True) - even * along) / spread
        return before, [(error * even).reshape(-1, x.shape[-1]).sum(axis=0)]

    return Passed(even * gamma, back)


@passed.register
def _gelu(layer: Gelu, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept

    def back(error: Any) -> Tuple[Any, List[Any]]:
        bent = np.tanh(layer.inner(x))
        steep = layer.SCALE * (1 + 3 * layer.CUBIC * x**2)
        return error * 0.5 * (1 + bent + x * (1 - bent**2) * steep), []

    return Passed(layer.forward(x, *arrays), back)


@passed.register
def _attention(layer: Attention, x: Any, arrays: Arrays, kept: Any) -> Passed:
    """Through the softmax of the scores; what dropout leaves out are shares of steps."""
    mixing, projection = arrays
    queries, keys, values = layer.split(x @ mixing)
    shares = attended(queries, keys)
    factor = factor_of(kept, layer.dropout)
    taken = shares * factor
    heads = layer.joined(taken @ values)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        to_heads = (error @ projection.T).reshape(*x.shape[:2], layer.heads, -1)
        parts = to_heads.transpose(0, 2, 1, 3)
        to_shares = (parts @ values.swapaxes(-1, -2)) * factor
        to_scores = shares * (to_shares - (to_shares * shares).sum(axis=-1, keepdims=True))
        to_scores /= math.sqrt(keys.shape[-1])
        ends = (
            to_scores @ keys,
            to_scores.swapaxes(-1, -2) @ queries,
            taken.swapaxes(-1, -2) @ parts,
        )
        mixed = np.concatenate([layer.joined(end) for end in ends], axis=-1)
        return mixed @ mixing.T, [_over_steps(x, mixed), _over_steps(heads, error)]

    return Passed(heads @ projection, back)


def _over_steps(into: Any, error: Any) -> Any:
    """The gradient of a kernel that each step is multiplied with."""
    return into.reshape(-1, into.shape[-1]).T @ error.reshape(-1, error.shape[-1])
