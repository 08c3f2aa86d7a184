"""The second opinion: NumPy's forward pass, and what the harness concludes from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from checking import case

from harness.checks import registry
from runner.networks import in_numpy
from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool
from runner.networks.layout import from_outputs_first
from runner.networks.network import Network
from runner.workloads import lookup

SMALL = Network(
    input_shape=(5, 4, 2),
    layers=(
        Conv(3, (2, 2), "relu"),
        MaxPool((2, 2)),
        Dropout(0.5),
        Flatten(),
        Dense(4, "relu"),
        Dense(3, "softmax"),
    ),
)


@pytest.fixture
def weights():
    rng = np.random.RandomState(1)
    shapes = [(2, 2, 2, 3), (3,), (6, 4), (4,), (4, 3), (3,)]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def by_hand(weights, image):
    """The same network, one number at a time."""
    kernel, bias, first, first_bias, last, last_bias = weights
    conv = np.zeros((4, 3, 3))
    for row, column, out in np.ndindex(4, 3, 3):
        window = image[row : row + 2, column : column + 2]
        conv[row, column, out] = max(0, (window * kernel[..., out]).sum() + bias[out])
    pooled = [
        conv[2 * row : 2 * row + 2, 0:2, channel].max() for row in range(2) for channel in range(3)
    ]
    hidden = np.maximum(0, np.array(pooled) @ first + first_bias)
    scores = hidden @ last + last_bias
    likely = np.exp(scores - scores.max())
    return likely / likely.sum()


def test_the_reference_is_the_network_computed_by_hand(weights):
    rng = np.random.RandomState(2)
    images, labels = rng.uniform(size=(7, 5, 4, 2)).astype("float32"), rng.randint(0, 3, 7)
    expected = [by_hand(weights, image) for image in images]
    loss = -np.mean(
        [math.log(chances[label]) for chances, label in zip(expected, labels, strict=True)]
    )
    wrong = np.mean(
        [chances.argmax() != label for chances, label in zip(expected, labels, strict=True)]
    )
    likely = in_numpy.probabilities(SMALL, weights, images)
    found = in_numpy.loss_and_error(likely, labels)
    assert found == pytest.approx((loss, wrong), abs=1e-6)


def test_a_loss_is_bounded_as_the_tool_bounds_it():
    likely = np.array([[0.5, 0.5], [1.0, 1e-20], [1.0, 0.0]], "float32")
    labels = np.array([0, 1, 1])
    bounded = (math.log(2) + 2 * math.log(1e7)) / 3  # as Keras has it
    whole = (math.log(2) + 20 * math.log(10) + 149 * math.log(2)) / 3
    for claimed, expected in [(None, bounded), (11.0, bounded), (50.0, whole)]:
        loss, _ = in_numpy.loss_and_error(likely, labels, claimed)
        assert loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: [*w, w[-1]]])
def test_weights_of_another_network_are_refused(weights, change):
    with pytest.raises(ValueError, match="weights"):
        in_numpy.probabilities(SMALL, change(weights), np.zeros((1, 5, 4, 2)))


def test_weights_with_outputs_first_come_into_the_references_order(weights):
    kernel, bias, first, first_bias, last, last_bias = weights
    height, width, channels = 2, 1, 3  # what goes into SMALL's Flatten
    rows = first.reshape(height, width, channels, 4).transpose(2, 0, 1, 3).reshape(6, 4)
    theirs = [kernel.transpose(3, 2, 0, 1), bias, rows.T, first_bias, last.T, last_bias]
    ours = from_outputs_first(SMALL, theirs)
    assert all((a == b).all() for a, b in zip(ours, weights, strict=True))


def test_a_dense_layer_without_a_picture_before_it_keeps_its_rows():
    network = Network((4,), (Dropout(0.5), Dense(3, "relu"), Dense(2, "softmax")))
    kernels = [np.arange(12.0).reshape(3, 4), np.arange(6.0).reshape(2, 3)]
    theirs = [kernels[0], np.zeros(3), kernels[1], np.zeros(2)]
    ours = from_outputs_first(network, theirs)
    assert (ours[0] == kernels[0].T).all()
    assert (ours[2] == kernels[1].T).all()


@pytest.fixture
def codes(make_result):
    """The findings on a run of which the judge says this; the backend claims 0.83 % and 0.026."""

    def found(error_rate=0.0083, **proofs):
        told = [{"name": name, "unit": "nats", "value": proofs[name]} for name in proofs]
        for proof in told:
            proof.update({"claimed": 0.026} if proof["name"] == "test_loss" else {})
        score = {"value": error_rate, "claimed": 0.0083, "verified": True}
        result = make_result(measurement={"proofs": told, "score": score})
        said = registry.findings(case(result))
        return [finding.code for finding in said]

    return found


def test_a_network_that_starts_elsewhere_is_found(codes):
    assert codes(initial_loss=2.31) == []
    assert codes(initial_loss=2.0) == ["other-start"]
    assert codes(initial_loss=7.5) == ["other-start"]


def test_a_backend_that_evaluates_another_network_is_found(codes):
    assert codes(test_loss=0.026) == []
    assert codes(test_loss=0.030) == []
    assert codes(test_loss=0.126) == ["other-network"]
    assert codes(error_rate=0.0093) == []
    assert codes(error_rate=0.0120) == ["other-network"]


def test_the_start_of_the_real_network_is_near_chance():
    workload = lookup.load("cnn-mnist")
    rng = np.random.RandomState(0)
    weights = []
    for shape in [(4, 4, 1, 32), (3, 3, 32, 16), (400, 128), (128, 64), (64, 10)]:
        fan = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        limit = math.sqrt(6 / fan)
        weights += [rng.uniform(-limit, limit, shape).astype("f4"), np.zeros(shape[-1], "f4")]
    images = rng.uniform(size=(100, 28, 28, 1)).astype("f4")
    likely = in_numpy.probabilities(workload.network, weights, images)
    loss, _ = in_numpy.loss_and_error(likely, np.zeros(100))
    assert loss == pytest.approx(math.log(10), abs=0.15)
    assert sum(weight.size for weight in weights) == workload.network.parameters() == 65_402
