"""The layers of texts as functions of JAX, each of (samples, time, values)."""

from __future__ import annotations

from typing import Any

_LAYOUT = ("NWC", "WIO", "NWC")


def last_output(jax: Any, x: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """An LSTM's last output: a scan over time, of what no step has to wait for made ahead."""
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid
    given = jnp.swapaxes(x @ kernel + bias, 0, 1)

    def step(state: Any, now: Any) -> Any:
        cell, output = state
        into, forget, candidate, shown = jnp.split(now + output @ recurrent, 4, axis=-1)
        cell = sigmoid(forget) * cell + sigmoid(into) * jnp.tanh(candidate)
        return (cell, sigmoid(shown) * jnp.tanh(cell)), None

    nothing = jnp.zeros((len(x), len(recurrent)), given.dtype)
    (_, output), _ = jax.lax.scan(step, (nothing, nothing), given)
    return output


def correlation(jax: Any, x: Any, kernel: Any, *, as_product: bool) -> Any:
    """Over time, without padding; ``as_product``: of windows and the kernel as matrices."""
    if not as_product:
        return jax.lax.conv_general_dilated(x, kernel, (1,), "VALID", dimension_numbers=_LAYOUT)
    width, _, filters = kernel.shape
    steps = x.shape[1] - width + 1
    windows = [x[:, first : first + steps] for first in range(width)]
    return jax.numpy.concatenate(windows, axis=-1) @ kernel.reshape(-1, filters)
