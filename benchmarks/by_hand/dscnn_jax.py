"""The keyword spotter of MLPerf Tiny by hand in JAX: an update is one compiled function."""

import os
import time

from dscnn_by_hand import (
    BATCH,
    BLOCKS,
    CLASSES,
    DROPS,
    EPSILON,
    FILTERS,
    NORM_EPSILON,
    NORM_MOMENTUM,
    RATE,
    clips,
    options,
    report,
)

args = options()
os.environ["JAX_PLATFORMS"] = "cpu" if args.device == "cpu" else "cuda"
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

jax.config.update("jax_default_matmul_precision", "float32")
LAYOUT = ("NHWC", "HWIO", "NHWC")
SHAPES = [(10, 4, 1, FILTERS), *[(3, 3, 1, FILTERS), (1, 1, FILTERS, FILTERS)] * BLOCKS]
keys = jax.random.split(jax.random.PRNGKey(args.seed), len(SHAPES) + 1)
glorot = jax.nn.initializers.glorot_uniform()
zeros, ones = jnp.zeros(FILTERS), jnp.ones(FILTERS)
# Of each convolution: kernel, bias, gamma, beta; then the dense layer's two.
weights = [(glorot(key, shape), zeros, ones, zeros) for key, shape in zip(keys, SHAPES)]
weights.append((glorot(keys[-1], (FILTERS, CLASSES)), jnp.zeros(CLASSES)))
statistics = [(zeros, ones) for _ in SHAPES]


def dropped(x, rate, key):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)


def predict(weights, statistics, x, key=None):
    """Logits, and what the statistics become."""
    *layers, (matrix, shift) = weights
    after = []
    for number, ((kernel, bias, gamma, beta), kept) in enumerate(zip(layers, statistics)):
        first, depthwise = number == 0, kernel.shape[0] == 3
        padding = [(4, 5), (1, 1)] if first else [(1, 1)] * 2 if depthwise else [(0, 0)] * 2
        groups = FILTERS if depthwise else 1
        x = bias + lax.conv_general_dilated(
            x,
            kernel,
            (2, 2) if first else (1, 1),
            padding,
            dimension_numbers=LAYOUT,
            feature_group_count=groups,
        )
        if key is not None:
            now = x.mean((0, 1, 2)), x.var((0, 1, 2))
            share = 1 - NORM_MOMENTUM
            after.append(tuple(NORM_MOMENTUM * old + share * new for old, new in zip(kept, now)))
            kept = now
        x = (x - kept[0]) * gamma * lax.rsqrt(kept[1] + NORM_EPSILON) + beta
        x = jax.nn.relu(x)
        if first and key is not None:
            x = dropped(x, DROPS[0], jax.random.fold_in(key, 0))
    if key is not None:
        x = dropped(x, DROPS[1], jax.random.fold_in(key, 1))
    return x.mean((1, 2)) @ matrix + shift, after


def loss(weights, statistics, x, y, key):
    out, after = predict(weights, statistics, x, key)
    likely = jax.nn.log_softmax(out)
    return -jnp.take_along_axis(likely, y[:, None], axis=1).mean(), after


@jax.jit
def update(state, x, y, key):
    weights, statistics, means, squares, number = state
    slopes = jax.value_and_grad(loss, has_aux=True)
    (value, statistics), gradients = slopes(
        weights, statistics, x, y, jax.random.fold_in(key, number)
    )
    number += 1
    means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
    squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradients)
    right, left = 1 - 0.9**number, jnp.sqrt(1 - 0.999**number)
    weights = jax.tree.map(
        lambda w, m, v: w - RATE * (m / right) / (jnp.sqrt(v) / left + EPSILON),
        weights,
        means,
        squares,
    )
    return (weights, statistics, means, squares, number), value


(x, y), (test_x, test_y) = clips(args)
x, test_x, y = x[..., None], test_x[..., None], y.astype("int32")
still = jax.tree.map(jnp.zeros_like, weights)
state = (weights, statistics, still, still, jnp.zeros((), jnp.int32))
rng, key, updates, epochs_s = np.random.RandomState(args.seed), keys[0], 0, []
start = time.monotonic()
for _ in range(args.epochs):
    begin, order, losses = time.monotonic(), rng.permutation(len(x)), []
    for first in range(0, len(x), BATCH):
        chosen = order[first : first + BATCH]
        state, value = update(state, x[chosen], y[chosen], key)
        losses.append(value)
        updates += 1
    jax.block_until_ready(losses)
    epochs_s.append(time.monotonic() - begin)
fit_s = time.monotonic() - start
trained, statistics, *_ = state
outs = [predict(trained, statistics, test_x[at : at + 500])[0] for at in range(0, len(test_x), 500)]
guesses = np.asarray(jnp.concatenate(outs)).argmax(1)
report(fit_s, epochs_s, updates, float((guesses != test_y).mean()))
