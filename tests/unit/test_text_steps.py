"""Layers of texts in NumPy: forward by hand, gradients against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.networks import in_numpy, sgd_in_numpy
from runner.networks.layers import LSTM, Conv1D, Dense, Embedding, GlobalMax
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe

PLAIN = Recipe(batch_size=5, epochs=1, optimizer=SGD(1.0, momentum=0.0))
RECURRENT = Network((6,), (Embedding(7, 3), LSTM(4), Dense(2, "softmax")))
CONVOLUTION = Network(
    (6,),
    (Embedding(7, 3), Conv1D(5, 2, "relu"), GlobalMax(), Dense(3, "relu"), Dense(2, "softmax")),
)
IDS = np.random.RandomState(1).randint(0, 7, (5, 6))
LABELS = np.array([0, 1, 1, 0, 1])


def drawn(network):
    rng = np.random.RandomState(3)
    return [rng.normal(size=weight.shape) for weight in network.weights()]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def test_an_lstm_is_what_its_formula_says():
    layer = LSTM(2)
    rng = np.random.RandomState(0)
    kernel, recurrent, bias = (rng.normal(size=weight.shape) for weight in layer.weights((3, 2)))
    steps = rng.normal(size=(3, 2))
    cell, output = [0.0, 0.0], [0.0, 0.0]
    for values in steps:
        sums = [
            sum(values[n] * kernel[n, column] for n in range(2))
            + sum(output[n] * recurrent[n, column] for n in range(2))
            + bias[column]
            for column in range(8)
        ]
        for unit in range(2):
            into, forget, candidate, _ = (sums[2 * gate + unit] for gate in range(4))
            cell[unit] = sigmoid(forget) * cell[unit] + sigmoid(into) * math.tanh(candidate)
        output = [sigmoid(sums[6 + unit]) * math.tanh(cell[unit]) for unit in range(2)]
    found = layer.forward(steps[None], kernel, recurrent, bias)
    np.testing.assert_allclose(found, [output], atol=1e-12)


def test_gates_that_are_far_off_do_not_overflow():
    layer = LSTM(1)
    weights = [np.full(weight.shape, -1000.0, "float32") for weight in layer.weights((2, 1))]
    with np.errstate(all="raise"):
        assert np.isfinite(layer.forward(np.ones((1, 2, 1), "float32"), *weights)).all()


def test_a_convolution_over_time_is_a_correlation():
    layer = Conv1D(1, 2, "linear")
    kernel = np.array([[[1.0]], [[10.0]]])
    found = layer.forward(np.array([[[1.0], [2.0], [3.0]]]), kernel, np.array([0.5]))
    assert found.tolist() == [[[21.5], [32.5]]]


def test_ids_choose_rows_and_the_largest_of_each_unit_stays():
    rows = np.array([[0.0, 5.0], [1.0, 4.0], [2.0, 3.0]])
    values = Embedding(3, 2).forward(np.array([[2, 0]]), rows)
    assert values.tolist() == [[[2.0, 3.0], [0.0, 5.0]]]
    assert GlobalMax().forward(values).tolist() == [[2.0, 5.0]]


@pytest.mark.parametrize("network", [RECURRENT, CONVOLUTION], ids=["recurrent", "convolution"])
def test_an_update_goes_against_the_gradient(network):
    weights = drawn(network)
    after = sgd_in_numpy.updated(network, PLAIN, sgd_in_numpy.begin(PLAIN, weights), IDS, LABELS)

    def loss(moved):
        return in_numpy.loss_and_error(in_numpy.probabilities(network, moved, IDS), LABELS)[0]

    for number, weight in enumerate(weights):
        for place in np.ndindex(*weight.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [value.copy() for value in weights]
                moved[number][place] += step
                sides.append(loss(moved))
            found = weight[place] - after.weights[number][place]
            assert found == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7), (number, place)


def test_equal_largest_values_share_a_gradient_and_do_not_multiply_it():
    """Padding makes windows that are alike."""
    layer = Embedding(2, 1), GlobalMax(), Dense(2, "softmax")
    network, ids = Network((4,), layer), np.array([[1, 1, 1, 1]])
    weights = [np.array([[0.5], [1.0]]), np.array([[1.0, -1.0]]), np.zeros(2)]
    after = sgd_in_numpy.updated(
        network, PLAIN, sgd_in_numpy.begin(PLAIN, weights), ids, np.array([0])
    )
    moved = after.weights[0] - weights[0]
    likely = sigmoid(2.0)
    assert moved[:, 0].tolist() == [0.0, pytest.approx(2 * (1 - likely))]


def test_a_network_says_whether_it_takes_ids():
    assert RECURRENT.input_type == "int32"
    assert Network((3,), (Dense(2, "softmax"),)).input_type == "float32"


@pytest.mark.parametrize("layer", [LSTM(4), Conv1D(4, 3, "relu"), GlobalMax()])
def test_a_layer_over_time_refuses_what_has_none(layer):
    with pytest.raises(ValueError, match="needs steps of values"):
        layer.after((5,))


def test_a_text_shorter_than_the_window_is_refused():
    with pytest.raises(ValueError, match="leaves nothing of 2 steps"):
        Conv1D(4, 3, "relu").after((2, 5))


def test_parameters_are_those_of_the_literature():
    """Keras' examples imdb_lstm and imdb_cnn, with two classes at the end."""
    lstm = Network((80,), (Embedding(20_000, 128), LSTM(128), Dense(2, "softmax")))
    assert lstm.parameters() == 20_000 * 128 + 4 * ((128 + 128) * 128 + 128) + 2 * 129
    assert lstm.parameters() == 2_691_842
    assert lstm.operations() == 80 * 2 * 256 * 512 + 2 * 128 * 2
    conv = Network(
        (400,),
        (
            Embedding(20_000, 50), Conv1D(250, 3, "relu"), GlobalMax(), Dense(250, "relu"),
            Dense(2, "softmax"),
        ),
    )  # fmt: skip
    assert conv.parameters() == 1_101_002
    assert conv.operations() == 398 * 2 * 3 * 50 * 250 + 2 * 250 * 250 + 2 * 250 * 2
