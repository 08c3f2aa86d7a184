"""A small decoder in NumPy: forward by hand, gradients against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.networks import in_numpy, sgd_in_numpy
from runner.networks.layers import (
    Attention,
    Dense,
    Gelu,
    LayerNorm,
    Normal,
    Positions,
    Residual,
)
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe

TIME, UNITS, HEADS, CLASSES = 5, 6, 2, 4
SMALL = Normal(0.02)
ATTENTION = Attention(HEADS, 0.0, SMALL, SMALL)
NETWORK = Network(
    (TIME, UNITS),
    (
        Positions(SMALL),
        Residual((LayerNorm(), ATTENTION)),
        Residual((LayerNorm(0.1), Dense(8, "linear", False, SMALL), Gelu(), Dense(6, "linear"))),
        LayerNorm(),
        Dense(CLASSES, "softmax", bias=False),
    ),
)
PLAIN = Recipe(batch_size=3, epochs=1, optimizer=SGD(1.0, momentum=0.0))


@pytest.fixture
def batch():
    rng = np.random.RandomState(3)
    weights = [rng.normal(size=weight.shape) for weight in NETWORK.weights()]
    inputs = rng.normal(size=(3, TIME, UNITS))
    return weights, inputs, rng.randint(0, CLASSES, (3, TIME))


def loss(weights, inputs, labels):
    return in_numpy.loss_and_error(in_numpy.probabilities(NETWORK, weights, inputs), labels)[0]


def test_an_update_goes_against_the_gradient(batch):
    weights, inputs, labels = batch
    after = sgd_in_numpy.updated(NETWORK, PLAIN, sgd_in_numpy.begin(PLAIN, weights), inputs, labels)
    for number, weight in enumerate(weights):
        for place in np.ndindex(*weight.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [value.copy() for value in weights]
                moved[number][place] += step
                sides.append(loss(moved, inputs, labels))
            slope = (sides[0] - sides[1]) / 2e-6
            found = weight[place] - after.weights[number][place]
            assert found == pytest.approx(slope, abs=1e-6), (number, place)


def test_each_step_takes_of_itself_and_of_those_before_it(batch):
    """One number at a time, from the layer's statement."""
    (_, _, mixing, projection), (steps, *_) = batch[0][:4], batch[1]
    size = UNITS // HEADS
    queries, keys, values = (steps @ mixing[:, part * UNITS : (part + 1) * UNITS]
                             for part in range(3))  # fmt: skip
    joined = np.zeros((TIME, UNITS))
    for step, head in np.ndindex(TIME, HEADS):
        own = slice(head * size, (head + 1) * size)
        powers = [math.exp(queries[step, own] @ keys[other, own] / math.sqrt(size))
                  for other in range(step + 1)]  # fmt: skip
        for other, power in enumerate(powers):
            joined[step, own] += power / sum(powers) * values[other, own]
    (found,) = ATTENTION.forward(steps[None], mixing, projection)
    np.testing.assert_allclose(found, joined @ projection, atol=1e-12)


def test_nothing_that_comes_later_is_seen(batch):
    weights, inputs, _ = batch
    later = inputs.copy()
    later[:, 3:] *= -1.0
    before, after = (in_numpy.probabilities(NETWORK, weights, some) for some in (inputs, later))
    np.testing.assert_allclose(before[:, :3], after[:, :3], atol=1e-12)
    assert (before[:, 3:] != after[:, 3:]).all()


def test_each_step_is_normalised_by_itself():
    steps = np.array([[[1.0, 3.0], [-2.0, 6.0]]])
    found = LayerNorm(epsilon=3.0).forward(steps, np.array([1.0, 10.0]))
    scaled = 4.0 / math.sqrt(16.0 + 3.0)
    np.testing.assert_allclose(found, [[[-0.5, 5.0], [-scaled, 10 * scaled]]])


@pytest.mark.parametrize(
    ("value", "expected"), [(-3.0, -0.00363739), (-0.5, -0.15428599), (0.0, 0.0), (1.0, 0.84119199)]
)
def test_gelu_is_the_form_with_the_hyperbolic_tangent(value, expected):
    """PyTorch's ``gelu(approximate="tanh")`` gives these (2.14); the exact form -0.0040, ..."""
    assert Gelu().forward(np.array([value])) == pytest.approx(expected, abs=1e-7)


def test_heads_share_the_units_and_steps_are_needed():
    with pytest.raises(ValueError, match="6 units are not to be shared by 4 heads"):
        Attention(4, 0.0, SMALL, SMALL).after((TIME, UNITS))
    with pytest.raises(ValueError, match="Attention needs steps of values"):
        ATTENTION.after((UNITS,))
    with pytest.raises(ValueError, match="Positions needs steps of values"):
        Positions(SMALL).after((UNITS,))


def test_what_follows_from_the_layers():
    assert NETWORK.shapes()[-1] == (TIME, CLASSES)
    squares = 4 * UNITS * UNITS
    assert NETWORK.parameters() == (
        TIME * UNITS + UNITS + squares + UNITS + 6 * 8 + 8 * 6 + 6 + UNITS + UNITS * CLASSES
    )
    products = squares + 2 * UNITS * 8 + UNITS * CLASSES
    assert NETWORK.operations() == 2 * TIME * (products + 2 * TIME * UNITS)
