"""A convolution of each channel by itself: forward by hand, the way back against differences."""

from __future__ import annotations

import numpy as np
import pytest

from runner.backends.keras.theano_kernels import correlating
from runner.networks.gradients.passing import passed
from runner.networks.layers import Conv, DepthwiseConv
from runner.networks.layout import from_outputs_first
from runner.networks.network import Network

LAYER = DepthwiseConv((2, 3), "relu")
INPUTS = (4, 5, 3)


@pytest.fixture
def batch():
    rng = np.random.RandomState(5)
    arrays = tuple(rng.uniform(-1, 1, weight.shape) for weight in LAYER.weights(INPUTS))
    return rng.uniform(-1, 1, (2, *INPUTS)), arrays


def test_every_channel_has_its_own_kernel(batch):
    x, (kernel, bias) = batch
    out = LAYER.forward(x, kernel, bias)
    assert out.shape == (2, 3, 3, 3)
    for sample, row, column, channel in np.ndindex(*out.shape):
        window = x[sample, row : row + 2, column : column + 3, channel]
        value = (window * kernel[:, :, channel, 0]).sum() + bias[channel]
        assert out[sample, row, column, channel] == pytest.approx(max(0, value))


def test_the_way_back_is_the_slope(batch):
    x, arrays = batch
    weights = np.random.RandomState(6).uniform(-1, 1, (2, 3, 3, 3))
    before, own = passed(LAYER, x, arrays, 1.0).back(weights)
    places = [x, *arrays]
    for found, values in zip((before, *own), places, strict=True):
        assert found.shape == values.shape
        for place in np.ndindex(*values.shape):
            kept, sides = values[place], []
            for step in (1e-6, -1e-6):
                values[place] = kept + step
                sides.append((LAYER.forward(x, *arrays) * weights).sum())
            values[place] = kept
            assert found[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-6)


def test_a_framework_has_a_kernel_for_each_channel_first(batch):
    _, (kernel, bias) = batch
    given = [kernel.transpose(2, 3, 0, 1), bias]
    assert given[0].shape == (3, 1, 2, 3)
    ordered = from_outputs_first(Network(INPUTS, (LAYER,)), given)
    assert np.array_equal(ordered[0], kernel)
    assert np.array_equal(ordered[1], bias)


def test_nothing_is_left_of_too_small_a_picture():
    with pytest.raises(ValueError, match="leaves nothing of the picture"):
        LAYER.after((1, 5, 3))


def test_of_theanos_kernels_keras_turns_the_depthwise_ones_itself(batch):
    _, arrays = batch
    assert correlating(LAYER, arrays) == arrays
    kernel, _ = correlating(Conv(1, (2, 3), "relu"), arrays)
    assert np.array_equal(kernel, arrays[0][::-1, ::-1])
