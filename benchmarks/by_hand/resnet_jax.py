"""A residual network by hand in JAX: an epoch is one compiled scan over batches on the device."""

import os
import time

from resnet_by_hand import (
    BATCH,
    CLASSES,
    MOMENTUM,
    NORM_EPSILON,
    NORM_MOMENTUM,
    TESTED,
    blocks,
    options,
    pictures,
    report,
)

args = options()
os.environ["JAX_PLATFORMS"] = "cpu" if args.device == "cpu" else "cuda"
import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_default_matmul_precision", "float32")
(x, y), (test_x, test_y) = pictures(args)
x, y = jax.device_put((x, y.astype("int32")))
glorot = jax.nn.initializers.glorot_uniform()
keys = iter(jax.random.split(jax.random.PRNGKey(args.seed), 64))


def first_values(inputs, filters, side):
    """A convolution and its normalisation: what is trained, and the statistics."""
    kernel = glorot(next(keys), (side, side, inputs, filters))
    return (kernel, jnp.ones(filters), jnp.zeros(filters)), (jnp.zeros(filters), jnp.ones(filters))


def normalised(x, weights, statistics, stride, training):
    """Its output, and the new statistics."""
    kernel, gamma, beta = weights
    layout, edge = ("NHWC", "HWIO", "NHWC"), kernel.shape[0] // 2
    pads = ((edge, edge), (edge, edge))
    x = lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=layout)
    if training:
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
        kept = NORM_MOMENTUM
        statistics = tuple(
            kept * old + (1 - kept) * new for old, new in zip(statistics, (mean, variance))
        )
    else:
        mean, variance = statistics
    scale = gamma * lax.rsqrt(variance + NORM_EPSILON)
    return (x - mean) * scale + beta, statistics


def network(parts, statistics, dense, x, training):
    """Logits, and the new statistics: one convolution after the other, in the order of PLAN."""
    fresh, at = [], 0

    def through(x, stride):
        nonlocal at
        x, own = normalised(x, parts[at], statistics[at], stride, training)
        fresh.append(own)
        at += 1
        return x

    x = jax.nn.relu(through(x, 1))
    for inputs, filters, stride in PLAN:
        body = through(jax.nn.relu(through(x, stride)), 1)
        x = jax.nn.relu(body + (x if (inputs, stride) == (filters, 1) else through(x, stride)))
    return x.mean(axis=(1, 2)) @ dense[0] + dense[1], fresh


PLAN = list(blocks(args.widths))
made = [first_values(3, args.widths[0], 3)]
for inputs, filters, stride in PLAN:
    made += [first_values(inputs, filters, 3), first_values(filters, filters, 3)]
    if (inputs, stride) != (filters, 1):
        made.append(first_values(inputs, filters, 1))
dense = (glorot(next(keys), (args.widths[-1], CLASSES)), jnp.zeros(CLASSES))
trained, statistics = ([part for part, _ in made], dense), [own for _, own in made]
speed = jax.tree.map(jnp.zeros_like, trained)


def loss_of(trained, statistics, images, labels):
    logits, fresh = network(trained[0], statistics, trained[1], images, True)
    out = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(out, labels[:, None], axis=1).mean(), fresh


def update(state, batch):
    trained, statistics, speed = state
    learn = jax.value_and_grad(loss_of, has_aux=True)
    (value, statistics), gradients = learn(trained, statistics, *batch)
    speed = jax.tree.map(lambda v, g: MOMENTUM * v - args.rate * g, speed, gradients)
    trained = jax.tree.map(lambda w, v: w + v, trained, speed)
    return (trained, statistics, speed), value


def epoch(state, key, x, y):
    order = jax.random.permutation(key, len(y))
    x, y, whole = x[order], y[order], len(y) // BATCH * BATCH
    cut = [part[:whole].reshape(-1, BATCH, *part.shape[1:]) for part in (x, y)]
    state, losses = lax.scan(update, state, tuple(cut))
    if whole < len(y):
        state, _ = update(state, (x[whole:], y[whole:]))
    return state, losses.sum()


state, key = (trained, statistics, speed), jax.random.PRNGKey(args.seed + 1)
compiled = jax.jit(epoch, donate_argnums=0).lower(state, key, x, y).compile()
start = time.monotonic()
for _ in range(args.epochs):
    key, own = jax.random.split(key)
    state, total = compiled(state, own, x, y)
    total = float(total)
jax.block_until_ready(state)
fit_s = time.monotonic() - start
(parts, dense), statistics, _ = state
used = jax.jit(lambda images: network(parts, statistics, dense, images, False)[0].argmax(axis=1))
wrong = sum(
    int((used(test_x[at : at + TESTED]) != test_y[at : at + TESTED]).sum())
    for at in range(0, len(test_y), TESTED)
)
report(fit_s, args.epochs * -(-len(y) // BATCH), wrong / len(test_y))
