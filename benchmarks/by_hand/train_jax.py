"""JAX by hand, after its MNIST example."""

import os
import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
os.environ["JAX_PLATFORMS"] = "cpu" if args.device == "cpu" else "cuda"
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

jax.config.update("jax_default_matmul_precision", "float32")
(x, y), (test_x, test_y) = mnist(args)
x, test_x, y = x[..., None], test_x[..., None], y.astype("int32")
SHAPES = [(4, 4, 1, 32), (3, 3, 32, 16), (400, 128), (128, 64), (64, 10)]
keys = jax.random.split(jax.random.PRNGKey(args.seed), len(SHAPES))
glorot = jax.nn.initializers.glorot_uniform()
weights = [(glorot(key, shape), jnp.zeros(shape[-1])) for key, shape in zip(keys, SHAPES)]
speed = jax.tree.map(jnp.zeros_like, weights)


def conv(x, weight):
    kernel, bias = weight
    layout = ("NHWC", "HWIO", "NHWC")
    x = jax.nn.relu(
        lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=layout) + bias
    )
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def predict(weights, x, key=None):
    first, second, *dense, (kernel, bias) = weights
    x = conv(conv(x, first), second)
    if key is not None:
        x = jnp.where(jax.random.bernoulli(key, 0.8, x.shape), x / 0.8, 0.0)
    x = x.reshape(len(x), -1)
    for matrix, shift in dense:
        x = jax.nn.relu(x @ matrix + shift)
    return x @ kernel + bias


def loss(weights, images, labels, key):
    out = jax.nn.log_softmax(predict(weights, images, key))
    return -jnp.take_along_axis(out, labels[:, None], axis=1).mean()


@jax.jit
def update(weights, speed, key, number, images, labels):
    value, gradients = jax.value_and_grad(loss)(
        weights, images, labels, jax.random.fold_in(key, number)
    )
    rate = RATE / (1 + DECAY * number)
    speed = jax.tree.map(lambda v, g: MOMENTUM * v - rate * g, speed, gradients)
    return jax.tree.map(lambda w, v: w + v, weights, speed), speed, number + 1, value


rng, key, number = np.random.RandomState(args.seed), jax.random.PRNGKey(args.seed + 1), 0
start = time.monotonic()
for _ in range(args.epochs):
    order, losses = rng.permutation(len(x)), []
    for first in range(0, len(x), BATCH):
        some = order[first : first + BATCH]
        weights, speed, number, value = update(weights, speed, key, number, x[some], y[some])
        losses.append(value)
    mean = sum(float(value) for value in losses) / len(losses)
jax.block_until_ready(weights)
fit_s = time.monotonic() - start
out = np.concatenate(
    [
        np.asarray(predict(weights, test_x[first : first + 500]))
        for first in range(0, len(test_x), 500)
    ]
)
report(fit_s, number, (out.argmax(1) != test_y).mean())
