"""A GPT by hand in JAX: the data on the device, one compiled update.

In bfloat16 weights are rounded for each product; they and AdamW's moments stay in float32.
"""

import os
import time

from gpt_by_hand import (
    BETAS,
    CHARACTERS,
    CLIP,
    DECAY,
    EPSILON,
    SETTINGS,
    batches,
    options,
    rate,
    report,
    windows,
)

args = options()
os.environ["JAX_PLATFORMS"] = "cpu" if args.device == "cpu" else "cuda"
import jax
import jax.numpy as jnp
import numpy as np

setting = SETTINGS[args.setting]
updates = args.updates or setting.updates
precision = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "default"}[args.precision]
jax.config.update("jax_default_matmul_precision", precision)
kind = jnp.bfloat16 if args.precision == "bfloat16" else jnp.float32
units, heads, rate_of_dropout = setting.units, setting.heads, setting.dropout
keys = iter(jax.random.split(jax.random.PRNGKey(args.seed), 4 * setting.layers + 3))


def normal(*shape, scale=0.02):
    return scale * jax.random.normal(next(keys), shape)


added = 0.02 / (2 * setting.layers) ** 0.5
weights = {
    "characters": normal(CHARACTERS, units),
    "positions": normal(setting.block, units),
    "blocks": [
        {
            "before_attention": jnp.ones(units),
            "mixing": normal(units, 3 * units),
            "projection": normal(units, units, scale=added),
            "before_dense": jnp.ones(units),
            "wide": normal(units, 4 * units),
            "narrow": normal(4 * units, units, scale=added),
        }
        for _ in range(setting.layers)
    ],
    "last": jnp.ones(units),
    "head": normal(units, CHARACTERS),
}


def normalised(x, gamma):
    x = x.astype(jnp.float32)
    x = x - x.mean(-1, keepdims=True)
    return (x * jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-5) * gamma).astype(kind)


def dropped(x, key):
    if key is None or not rate_of_dropout:
        return x
    return jnp.where(
        jax.random.bernoulli(key, 1 - rate_of_dropout, x.shape), x / (1 - rate_of_dropout), 0
    ).astype(x.dtype)


def attention(x, block, key):
    count, time_, _ = x.shape
    mixed = (x @ block["mixing"].astype(kind)).reshape(count, time_, 3, heads, units // heads)
    queries, keys_, values = (mixed[:, :, part] for part in range(3))
    scores = jnp.einsum("nqhd,nkhd->nhqk", queries, keys_) / (units // heads) ** 0.5
    seen = jnp.tril(jnp.ones((time_, time_), bool))
    shares = jax.nn.softmax(jnp.where(seen, scores.astype(jnp.float32), -jnp.inf)).astype(kind)
    out = jnp.einsum("nhqk,nkhd->nqhd", dropped(shares, key), values)
    return out.reshape(count, time_, units) @ block["projection"].astype(kind)


def loss(weights, x, labels, key=None):
    own = iter(jax.random.split(key, 3 * setting.layers + 1)) if key is not None else None
    draw = (lambda: next(own)) if own else (lambda: None)
    x = dropped(weights["characters"][x] + weights["positions"], draw()).astype(kind)
    for block in weights["blocks"]:
        x = x + dropped(attention(normalised(x, block["before_attention"]), block, draw()), draw())
        wide = jax.nn.gelu(normalised(x, block["before_dense"]) @ block["wide"].astype(kind))
        x = x + dropped(wide @ block["narrow"].astype(kind), draw())
    logits = normalised(x, weights["last"]) @ weights["head"].astype(kind)
    out = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.take_along_axis(out, labels[..., None], -1).mean()


def update(weights, means, squares, number, rate, x, labels, rows, key):
    value, gradients = jax.value_and_grad(loss)(
        weights, x[rows], labels[rows], jax.random.fold_in(key, number)
    )
    norm = jnp.sqrt(sum((gradient**2).sum() for gradient in jax.tree.leaves(gradients)))
    gradients = jax.tree.map(lambda g: g * jnp.minimum(1.0, CLIP / norm), gradients)
    (first_beta, second_beta), times = BETAS, number + 1
    means = jax.tree.map(lambda m, g: first_beta * m + (1 - first_beta) * g, means, gradients)
    squares = jax.tree.map(
        lambda v, g: second_beta * v + (1 - second_beta) * g * g, squares, gradients
    )

    def moved(w, m, v):
        kept = w * (1 - rate * DECAY) if w.ndim > 1 else w
        mean, square = m / (1 - first_beta**times), v / (1 - second_beta**times)
        return kept - rate * mean / (jnp.sqrt(square) + EPSILON)

    return jax.tree.map(moved, weights, means, squares), means, squares, number + 1, value


update = jax.jit(update, donate_argnums=(0, 1, 2))
train, test = [jax.device_put(pair) for pair in windows(args, setting)]
means = jax.tree.map(jnp.zeros_like, weights)
squares, number = jax.tree.map(jnp.zeros_like, weights), jnp.zeros((), jnp.int32)
random, key, laps, first_s = (
    np.random.RandomState(args.seed), jax.random.PRNGKey(args.seed + 1), [], None,
)  # fmt: skip
start = lap = time.monotonic()
for count, rows in enumerate(batches(random, len(train[0]), setting, updates)):
    weights, means, squares, number, value = update(
        weights, means, squares, number, rate(count, setting), *train, rows, key
    )
    if count == 0:
        jax.block_until_ready(weights)
        lap = time.monotonic()
        first_s = lap - start
    elif count % 10 == 0:
        jax.block_until_ready(weights)
        now = time.monotonic()
        laps.append(now - lap)
        lap = now
jax.block_until_ready(weights)
fit_s = time.monotonic() - start
judge, total = jax.jit(loss), 0.0
for first in range(0, len(test[0]), 50):
    some = [part[first : first + 50] for part in test]
    total += float(judge(weights, *some)) * len(some[0])
report(fit_s, first_s, laps, total / len(test[0]))
