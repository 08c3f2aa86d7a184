"""Training in NumPy: gradients against differences, the update against the recipe's formula."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runner.networks import sgd_in_numpy
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe

NETWORK = Network(
    input_shape=(7, 6, 1),
    layers=(
        Conv(3, (2, 2), "relu"),
        Conv(2, (2, 1), "relu"),
        MaxPool((2, 2)),
        Dropout(0.5),
        Flatten(),
        Dense(4, "relu"),
        Dense(3, "softmax"),
    ),
)
PLAIN = Recipe(batch_size=5, epochs=1, optimizer=SGD(1.0, momentum=0.0))


@pytest.fixture
def batch():
    rng = np.random.RandomState(3)
    weights = [rng.normal(size=weight.shape) for weight in NETWORK.weights()]
    return weights, rng.uniform(size=(5, 7, 6, 1)), rng.randint(0, 3, 5)


def loss(weights, images, labels, kept):
    """As the layers themselves compute it."""
    out = images
    for layer, arrays in NETWORK.grouped(weights):
        out = out * kept if isinstance(layer, Dropout) else layer.forward(out, *arrays)
    return -np.log(out[np.arange(len(out)), labels]).mean()


@pytest.mark.parametrize("dropped", [False, True])
def test_an_update_goes_against_the_gradient(batch, dropped):
    weights, images, labels = batch
    shape = sgd_in_numpy.into_dropout(NETWORK, weights, images).shape
    drawn = np.random.RandomState(4).uniform(size=shape) < 0.5
    kept = 2.0 * drawn if dropped else np.ones(shape)
    after = sgd_in_numpy.updated(
        NETWORK,
        PLAIN,
        sgd_in_numpy.begin(PLAIN, weights),
        images,
        labels,
        kept if dropped else None,
    )
    for number, weight in enumerate(weights):
        for place in np.ndindex(*weight.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [value.copy() for value in weights]
                moved[number][place] += step
                sides.append(loss(moved, images, labels, kept))
            slope = (sides[0] - sides[1]) / 2e-6
            found = weight[place] - after.weights[number][place]
            assert found == pytest.approx(slope, abs=1e-6), (number, place)


def test_momentum_and_decay_are_the_recipes(batch):
    weights, images, labels = batch
    recipe = dataclasses.replace(PLAIN, optimizer=SGD(0.1, momentum=0.9, decay=0.5))
    states = [sgd_in_numpy.begin(PLAIN, weights)]
    for _ in range(2):
        states.append(sgd_in_numpy.updated(NETWORK, recipe, states[-1], images, labels))
    for number in range(len(weights)):
        start, first, second = (state.weights[number] for state in states)
        again = sgd_in_numpy.begin(PLAIN, states[1].weights)  # without momentum: the gradient alone
        step = sgd_in_numpy.updated(NETWORK, PLAIN, again, images, labels).weights[number] - first
        wanted = first + 0.9 * (first - start) + 0.1 / 1.5 * step
        np.testing.assert_allclose(second, wanted, atol=1e-12)
    assert [state.updates for state in states] == [0, 1, 2]


def test_a_layer_without_a_way_back_is_refused(batch):
    class Odd(Layer):
        def after(self, inputs):
            return inputs

        def forward(self, x, *arrays):
            return x

    weights, images, labels = batch
    network = dataclasses.replace(NETWORK, layers=(Odd(), *NETWORK.layers))
    with pytest.raises(TypeError, match="no way back through Odd"):
        sgd_in_numpy.updated(network, PLAIN, sgd_in_numpy.begin(PLAIN, weights), images, labels)
