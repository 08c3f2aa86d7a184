"""A residual network in NumPy: forward by hand, gradients against differences, statistics."""

from __future__ import annotations

import numpy as np
import pytest

from runner.networks import in_numpy, sgd_in_numpy
from runner.networks.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    GlobalAverage,
    Pad,
    Residual,
)
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe

BLOCK = Residual(
    body=(
        Pad((1, 0), (1, 1)),
        Conv(3, (2, 3), "linear", stride=(2, 1), bias=False),
        BatchNorm(momentum=0.8, epsilon=1e-2),
        Activate("relu"),
        Residual((Conv(3, (1, 1), "relu"),)),
    ),
    shortcut=(Conv(3, (1, 1), "linear", stride=(2, 1)), BatchNorm()),
    activation="relu",
)
NETWORK = Network((5, 4, 2), (Conv(2, (1, 1), "relu"), BLOCK, GlobalAverage(), Dense(3, "softmax")))
PLAIN = Recipe(batch_size=5, epochs=1, optimizer=SGD(1.0, momentum=0.0))
STATISTICS = [number for number, weight in enumerate(NETWORK.weights()) if not weight.trained]


@pytest.fixture
def batch():
    rng = np.random.RandomState(3)
    lowest = {4: -0.3, 2: 0.2, 1: 0.2}  # kernels have both signs
    weights = [rng.uniform(lowest[len(w.shape)], 1, w.shape) for w in NETWORK.weights()]
    return weights, rng.uniform(-1, 1, (5, 5, 4, 2)), rng.randint(0, 3, 5)


def in_training(pairs, x, seen):
    """What comes out while it is trained; ``seen`` gets mean and variance of each batch."""
    for layer, arrays in pairs:
        if isinstance(layer, BatchNorm):
            of_batch = (x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2)))
            seen.append((layer.momentum, *of_batch))
            x = layer.forward(x, *arrays[:2], *of_batch)
        elif isinstance(layer, Residual):
            body, shortcut = layer.sides(x.shape[1:], arrays)
            x = in_training(body, x, seen) + in_training(shortcut, x, seen)
            x = np.maximum(x, 0) if layer.activation == "relu" else x
        else:
            x = layer.forward(x, *arrays)
    return x


def loss(weights, images, labels):
    out = in_training(NETWORK.grouped(weights), images, [])
    return -np.log(out[np.arange(len(out)), labels]).mean()


def test_an_update_goes_against_the_gradient(batch):
    weights, images, labels = batch
    after = sgd_in_numpy.updated(NETWORK, PLAIN, sgd_in_numpy.begin(PLAIN, weights), images, labels)
    for number, weight in enumerate(weights):
        if number in STATISTICS:
            continue
        for place in np.ndindex(*weight.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [value.copy() for value in weights]
                moved[number][place] += step
                sides.append(loss(moved, images, labels))
            slope = (sides[0] - sides[1]) / 2e-6
            found = weight[place] - after.weights[number][place]
            assert found == pytest.approx(slope, abs=1e-6), (number, place)


def test_statistics_move_towards_those_of_the_batch_whatever_the_rate(batch):
    weights, images, labels = batch
    seen = []
    in_training(NETWORK.grouped(weights), images, seen)
    slow = Recipe(batch_size=5, epochs=1, optimizer=SGD(1e-9, momentum=0.9))
    state = sgd_in_numpy.begin(PLAIN, weights)
    for _ in range(2):
        state = sgd_in_numpy.updated(NETWORK, slow, state, images, labels)
    wanted = [value for momentum, *pair in seen for value in zip([momentum] * 2, pair, strict=True)]
    assert len(wanted) == len(STATISTICS) == 4
    for number, (momentum, of_batch) in zip(STATISTICS, wanted, strict=True):
        way = momentum**2
        expected = way * weights[number] + (1 - way) * of_batch
        np.testing.assert_allclose(state.weights[number], expected, atol=1e-6)


def test_the_network_is_used_by_its_statistics(batch):
    """One number at a time, from the layers' statements."""
    weights, images, _ = batch
    image = images[0]
    (first, first_bias, kernel, gamma, beta, mean, variance, inner, inner_bias) = weights[:9]
    (beside, beside_bias, gain, shift, centre, spread, last, last_bias) = weights[9:]
    x = np.maximum(0, image @ first[0, 0] + first_bias)
    padded = np.zeros((6, 6, 2))
    padded[1:, 1:-1] = x
    sums = np.zeros((3, 4, 3))
    for row, column, out in np.ndindex(3, 4, 3):
        window = padded[2 * row : 2 * row + 2, column : column + 3]
        value = (window * kernel[..., out]).sum()
        scaled = gamma[out] * (value - mean[out]) / np.sqrt(variance[out] + 1e-2) + beta[out]
        sums[row, column, out] = max(0, scaled)
    sums = sums + np.maximum(0, sums @ inner[0, 0] + inner_bias)
    short = x[::2] @ beside[0, 0] + beside_bias
    sums = np.maximum(0, sums + gain * (short - centre) / np.sqrt(spread + 1e-3) + shift)
    scores = sums.reshape(-1, 3).mean(axis=0) @ last + last_bias
    powers = np.exp(scores - scores.max())
    (likely,) = in_numpy.probabilities(NETWORK, weights, images[:1])
    np.testing.assert_allclose(likely, powers / powers.sum(), atol=1e-12)
