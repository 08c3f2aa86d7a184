"""Q-learning by hand in JAX: target and update in one compiled function, weights in place.

On a CPU the convolution is a product of patches: XLA's own gradient of it is slow there.
"""

import os
import time

from dqn_by_hand import COPY_EVERY, EPSILON, LEARN_FROM, RATE, Play, options, report

args = options()
if args.threads:
    os.environ["NPROC"] = os.environ["OMP_NUM_THREADS"] = str(args.threads)
if args.device == "cpu":
    os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import numpy as np
from jax import numpy as jnp

jax.config.update("jax_default_matmul_precision", "highest")
glorot = jax.nn.initializers.glorot_uniform()
shapes = ((3, 3, 4, 16), (16,), (1024, 128), (128,), (128, 3), (3,))
keys = jax.random.split(jax.random.PRNGKey(args.seed), len(shapes))
weights = [
    glorot(key, shape) if len(shape) > 1 else jnp.zeros(shape) for key, shape in zip(keys, shapes)
]
slots = [[jnp.zeros(shape) for shape in shapes] for _ in range(2)]


def q(weights, states):
    kernel, bias, hidden, hidden_bias, last, last_bias = weights
    x = states.astype("float32")
    if args.device == "cpu":
        parts = [
            x[:, row : row + 8, column : column + 8] for row in range(3) for column in range(3)
        ]
        x = jnp.concatenate(parts, axis=-1) @ kernel.reshape(-1, 16)
    else:
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=layout)
    x = jax.nn.relu(x + bias).reshape(len(x), -1)
    return jax.nn.relu(x @ hidden + hidden_bias) @ last + last_bias


def loss(weights, states, actions, wanted):
    off = jnp.take_along_axis(q(weights, states), actions[:, None], axis=1)[:, 0] - wanted
    size = jnp.abs(off)
    return jnp.where(size <= 1, off * off / 2, size - 0.5).mean()


def learn(weights, slots, update, target, before, actions, rewards, after, goes_on):
    wanted = rewards + goes_on * q(target, after).max(axis=1)
    gradients = jax.grad(loss)(weights, before, actions, wanted)
    size = RATE * jnp.sqrt(1 - 0.999 ** (update + 1)) / (1 - 0.9 ** (update + 1))
    means = [0.9 * m + 0.1 * g for m, g in zip(slots[0], gradients)]
    squares = [0.999 * v + 0.001 * g * g for v, g in zip(slots[1], gradients)]
    moved = zip(weights, means, squares)
    weights = [w - size * m / (jnp.sqrt(v) + EPSILON) for w, m, v in moved]
    return weights, [means, squares], update + 1


act = jax.jit(q)
step = jax.jit(learn, donate_argnums=(0, 1))
play = Play(args.seed, lambda states: states)
target = [jnp.copy(weight) for weight in weights]
batch = [np.repeat(part[:1], 512, axis=0) for part in (
    play.befores, play.actions, play.rewards, play.afters, play.goes_on,
)]  # fmt: skip
step = step.lower(weights, slots, 0, target, *batch).compile()
act(weights, play.states).block_until_ready()
updates, update = 0, 0
start = time.monotonic()
while play.steps < args.steps:
    play.move(np.asarray(act(weights, play.states)))
    if play.steps < LEARN_FROM:
        continue
    weights, slots, update = step(weights, slots, update, target, *play.batch())
    updates += 1
    if updates % COPY_EVERY == 0:
        target = [jnp.copy(weight) for weight in weights]
jax.block_until_ready(weights)
report(time.monotonic() - start, play, updates)
