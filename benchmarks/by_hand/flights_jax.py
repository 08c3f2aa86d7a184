"""JAX by hand on flights: an epoch as one scan over its batches, compiled ahead."""

import time

from flights_by_hand import BATCH, MOMENTUM, RATE, WIDTH, options, report, rows

args = options()
import jax
from jax import numpy as jnp

glorot = jax.nn.initializers.glorot_uniform()
keys = iter(jax.random.split(jax.random.PRNGKey(args.seed), 3))
sides = (WIDTH, 200, 200, 2)
weights = [(glorot(next(keys), pair), jnp.zeros(pair[1])) for pair in zip(sides, sides[1:])]


def logits(weights, x):
    for kernel, bias in weights[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = weights[-1]
    return x @ kernel + bias


def loss(weights, x, labels):
    likely = jax.nn.log_softmax(logits(weights, x))
    return -jnp.take_along_axis(likely, labels[:, None], axis=1).mean()


def update(state, batch):
    weights, speed, count = state
    value, slope = jax.value_and_grad(loss)(weights, *batch)
    speed = jax.tree.map(lambda v, g: MOMENTUM * v - RATE * g, speed, slope)
    return (jax.tree.map(jnp.add, weights, speed), speed, count + 1), value


def epoch(state, key, inputs, labels):
    order = jax.random.permutation(key, len(labels))
    whole = len(labels) // BATCH * BATCH
    inputs, labels = inputs[order], labels[order]
    cut = [
        part[:whole].reshape(whole // BATCH, BATCH, *part.shape[1:]) for part in (inputs, labels)
    ]
    state, values = jax.lax.scan(update, state, tuple(cut))
    if whole < len(labels):
        state, _ = update(state, (inputs[whole:], labels[whole:]))
    return state, values.mean()


train, test = rows(args)
data = jax.device_put((train[0], train[1].astype("int32")))
state = (weights, jax.tree.map(jnp.zeros_like, weights), jnp.zeros((), "int32"))
key = jax.random.PRNGKey(args.seed)
compiled = jax.jit(epoch, donate_argnums=0).lower(state, key, *data).compile()
start = time.monotonic()
for _ in range(args.epochs):
    key, own = jax.random.split(key)
    state, value = compiled(state, own, *data)
    float(value)
fit_s = time.monotonic() - start
found = jax.device_get(jax.jit(logits)(state[0], test[0]))
report(fit_s, state[2], found[:, 1] - found[:, 0], test[1])
