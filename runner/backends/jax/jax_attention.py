"""The layers of a transformer's decoder in JAX, each of (samples, time, units)."""

from __future__ import annotations

import math
from typing import Any

from runner.backends.jax.jax_forward import Arrays, Pass, dropped, forward
from runner.networks.layers import Attention, Gelu, LayerNorm, Positions


@forward.register
def _positions(layer: Positions, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer
    x, rows = way.cast(x, *arrays)
    return x + rows


@forward.register
def _layer_norm(layer: LayerNorm, way: Pass, x: Any, arrays: Arrays) -> Any:
    x = x.astype("float32")
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return way.cast(centred * way.jax.lax.rsqrt(variance + layer.epsilon) * arrays[0])[0]


@forward.register
def _gelu(layer: Gelu, way: Pass, x: Any, arrays: Arrays) -> Any:
    del layer, arrays
    return way.jax.nn.gelu(x, approximate=True)


@forward.register
def _attention(layer: Attention, way: Pass, x: Any, arrays: Arrays) -> Any:
    """By hand: ``jax.nn.dot_product_attention`` has no dropout."""
    (x, mixing, projection), jnp = way.cast(x, *arrays), way.jax.numpy
    count, time, units = x.shape
    size = units // layer.heads
    mixed = (x @ mixing).reshape(count, time, 3, layer.heads, size)
    queries, keys, values = (mixed[:, :, part] for part in range(3))
    scores = jnp.einsum("nqhd,nkhd->nhqk", queries, keys) / math.sqrt(size)
    seen = jnp.tril(jnp.ones((time, time), bool))
    shares = way.jax.nn.softmax(jnp.where(seen, scores.astype("float32"), -jnp.inf))
    (shares,) = way.cast(dropped(way, shares, layer.dropout))
    heads = jnp.einsum("nhqk,nkhd->nqhd", shares, values)
    return heads.reshape(count, time, units) @ projection
