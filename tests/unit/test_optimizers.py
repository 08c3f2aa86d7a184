"""The optimizers of recipes: their formulas, and NumPy's steps beside PyTorch's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.backends.jax import jax_optimizers
from runner.backends.keras import keras_optimizers
from runner.backends.mxnet import gluon_optimizers
from runner.backends.torch import torch_optimizers
from runner.networks import steps_in_numpy
from runner.networks.optimizers import SGD, Adam, AdamW

WARM = AdamW(
    1e-2, least_rate=1e-3, warm_up=4, updates=14, weight_decay=0.1, clip_norm=1.0, beta_2=0.99
)


def test_the_rate_falls_by_each_update():
    falling = SGD(0.5, momentum=0.9, decay=0.5)
    assert [falling.rate(update) for update in range(3)] == [0.5, 0.5 / 1.5, 0.25]
    assert SGD(0.05, momentum=0.9, decay=1e-5).steep().rate(2) == 0.025


def test_adam_keeps_its_rate():
    assert {Adam(1e-3).rate(update) for update in (0, 1, 10_000)} == {1e-3}
    assert Adam(1e-3).steep() == Adam(1e-3)


def test_the_rate_of_adam_w_rises_then_falls_with_a_cosine_and_stays():
    assert [WARM.rate(update) for update in range(4)] == pytest.approx([2e-3, 4e-3, 6e-3, 8e-3])
    assert WARM.rate(4) == pytest.approx(1e-2)
    assert WARM.rate(9) == pytest.approx((1e-2 + 1e-3) / 2)  # half way
    assert [WARM.rate(update) for update in (14, 15, 1000)] == pytest.approx([1e-3] * 3)
    steep = [WARM.steep().rate(update) for update in range(3)]
    assert steep[0] < steep[1] and steep[2] < steep[1]


def test_the_first_step_of_adam_is_as_long_as_its_rate():
    """m and v are then 0.1 g and 0.001 g ** 2: the corrections make g / |g| of them."""
    optimizer, weight = Adam(1e-3, epsilon=0.0), np.array([1.0, -2.0])
    slots = steps_in_numpy.begin(optimizer, (weight,))
    (moved,), _ = steps_in_numpy.step(optimizer, 0, (weight,), slots, [np.array([1e-4, -30.0])])
    np.testing.assert_allclose(moved - weight, [-1e-3, 1e-3], rtol=1e-9)


def test_epsilon_is_added_to_the_root_before_the_correction():
    optimizer = Adam(1e-3, epsilon=1e-7)
    gradient = np.array([1e-6])
    slots = steps_in_numpy.begin(optimizer, (gradient,))
    (moved,), _ = steps_in_numpy.step(optimizer, 0, (np.zeros(1),), slots, [gradient])
    root = math.sqrt(0.001) * 1e-6
    wanted = -1e-3 * math.sqrt(0.001) / 0.1 * 0.1 * 1e-6 / (root + 1e-7)
    assert moved[0] == pytest.approx(wanted, rel=1e-9)


def test_adam_w_takes_from_matrices_alone_and_clips_over_all_weights():
    optimizer = AdamW(
        0.5, least_rate=0.5, weight_decay=0.1, clip_norm=1.0, beta_1=0.0, beta_2=0.0, epsilon=1.0
    )
    matrix, bias = np.full((2, 2), 4.0), np.full(2, 4.0)
    slots = steps_in_numpy.begin(optimizer, (matrix, bias))
    gradients = [np.full((2, 2), 3.0), np.zeros(2)]  # a norm of 6
    weights, _ = steps_in_numpy.step(optimizer, 0, (matrix, bias), slots, gradients)
    # Without memory a step is rate * g / (|g| + 1), of the clipped g = 0.5.
    np.testing.assert_allclose(weights[0], 4.0 - 0.5 * 0.1 * 4.0 - 0.5 * 0.5 / 1.5)
    np.testing.assert_allclose(weights[1], 4.0)


@pytest.mark.parametrize(
    ("translated", "known"),
    [
        (torch_optimizers.stepper, (SGD, Adam, AdamW)),
        (jax_optimizers.step, (SGD, Adam, AdamW)),
        (keras_optimizers.of_keras3, (SGD, Adam, AdamW)),
        (keras_optimizers.of_keras2, (SGD, Adam)),
        (gluon_optimizers.translated, (SGD, Adam)),
    ],
)
def test_which_tools_have_which(translated, known):
    for optimizer in (SGD, Adam, AdamW):
        has = translated.dispatch(optimizer) is not translated.dispatch(object)
        assert has == (optimizer in known)


def test_an_optimizer_that_numpy_does_not_know():
    class Other:
        pass

    with pytest.raises(TypeError, match="no step of Other"):
        steps_in_numpy.begin(Other(), ())
    with pytest.raises(TypeError, match="no step of Other"):
        steps_in_numpy.step(Other(), 0, (), (), [])
