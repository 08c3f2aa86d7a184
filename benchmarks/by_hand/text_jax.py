"""JAX by hand on texts: an epoch as one scan over its batches, compiled ahead."""

import time

from text_by_hand import BATCH, EPSILON, IDS, RATE, options, report, texts

args = options()
import jax
from jax import numpy as jnp

glorot, orthogonal = jax.nn.initializers.glorot_uniform(), jax.nn.initializers.orthogonal()
keys = iter(jax.random.split(jax.random.PRNGKey(args.seed), 8))


def first_values():
    if args.network == "lstm":
        return {
            "embedding": jax.random.uniform(next(keys), (IDS, 128), minval=-0.05, maxval=0.05),
            "kernel": glorot(next(keys), (128, 512)),
            "recurrent": orthogonal(next(keys), (128, 512)),
            "bias": jnp.repeat(jnp.array([0.0, 1.0, 0.0, 0.0]), 128),
            "dense": (glorot(next(keys), (128, 2)), jnp.zeros(2)),
        }
    return {
        "embedding": jax.random.uniform(next(keys), (IDS, 50), minval=-0.05, maxval=0.05),
        "convolution": (glorot(next(keys), (3, 50, 250)), jnp.zeros(250)),
        "hidden": (glorot(next(keys), (250, 250)), jnp.zeros(250)),
        "dense": (glorot(next(keys), (250, 2)), jnp.zeros(2)),
    }


def last_output(weights, x):
    given = jnp.swapaxes(x @ weights["kernel"] + weights["bias"], 0, 1)

    def step(state, now):
        cell, output = state
        into, forget, candidate, shown = jnp.split(now + output @ weights["recurrent"], 4, axis=-1)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(into) * jnp.tanh(candidate)
        return (cell, jax.nn.sigmoid(shown) * jnp.tanh(cell)), None

    nothing = jnp.zeros((len(x), 128))
    return jax.lax.scan(step, (nothing, nothing), given)[0][1]


def logits(weights, ids):
    x = weights["embedding"][ids]
    if args.network == "lstm":
        x = last_output(weights, x)
    else:
        kernel, bias = weights["convolution"]
        windows = jnp.concatenate([x[:, :-2], x[:, 1:-1], x[:, 2:]], axis=-1)
        x = jax.nn.relu(windows @ kernel.reshape(150, 250) + bias).max(axis=1)
        kernel, bias = weights["hidden"]
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = weights["dense"]
    return x @ kernel + bias


def loss(weights, ids, labels):
    likely = jax.nn.log_softmax(logits(weights, ids))
    return -jnp.take_along_axis(likely, labels[:, None], axis=1).mean()


def update(state, batch):
    weights, mean, square, count = state
    value, slope = jax.value_and_grad(loss)(weights, *batch)
    count = count + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, slope)
    rate = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), weights, mean, square
    )
    return (weights, mean, square, count), value


def epoch(state, key, ids, labels):
    order = jax.random.permutation(key, len(labels))
    whole = len(labels) // BATCH * BATCH
    batches = order[:whole].reshape(-1, BATCH)
    state, values = jax.lax.scan(
        lambda state, rows: update(state, (ids[rows], labels[rows])), state, batches
    )
    if whole < len(labels):
        state, _ = update(state, (ids[order[whole:]], labels[order[whole:]]))
    return state, values.mean()


(ids, labels), (test_ids, test_labels) = texts(args)
data = jax.device_put((ids, labels.astype("int32")))
weights = first_values()
zeros = jax.tree.map(jnp.zeros_like, weights)
state = (weights, zeros, jax.tree.map(jnp.zeros_like, weights), jnp.zeros(()))
key = jax.random.PRNGKey(args.seed)
compiled = jax.jit(epoch, donate_argnums=0).lower(state, key, *data).compile()
start = time.monotonic()
for _ in range(args.epochs):
    key, own = jax.random.split(key)
    state, value = compiled(state, own, *data)
    float(value)
fit_s = time.monotonic() - start
judge = jax.jit(lambda weights, ids: logits(weights, ids).argmax(1))
wrong = sum(
    int((judge(state[0], test_ids[first : first + 500]) != test_labels[first : first + 500]).sum())
    for first in range(0, len(test_labels), 500)
)
report(fit_s, state[3], wrong, len(test_labels))
