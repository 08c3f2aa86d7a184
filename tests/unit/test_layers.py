"""Layers, and which backends have words for them: without any framework."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from harness import catalog
from runner.backends import loading
from runner.networks.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAverage,
    Layer,
    MaxPool,
    Pad,
    Residual,
    Weight,
)
from runner.networks.network import Network
from runner.workloads import lookup

WORKLOAD = lookup.load("cnn-mnist")


@dataclass(frozen=True)
class Rotary(Layer):
    """A layer that no tool has heard of."""

    def after(self, inputs):
        return inputs

    def forward(self, x, *arrays):
        return x


def with_rotary(workload):
    layers = (Rotary(), *workload.network.layers)
    return replace(workload, network=replace(workload.network, layers=layers))


@pytest.mark.parametrize("name", catalog.having("cnn-mnist"))
def test_a_backend_names_the_layer_that_it_cannot_express(name):
    backend = loading.load(name)
    assert backend.supports(WORKLOAD) is None
    problem = backend.supports(with_rotary(WORKLOAD))
    assert "has no translation of the layer Rotary" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("name", catalog.names())
def test_an_image_says_the_workloads_that_its_backend_has(name):
    backend = loading.load(name)
    has = [word for word in lookup.names() if backend.supports(lookup.load(word)) is None]
    assert catalog.load(name).spec.workloads == has


FRAMEWORKS = {
    "jax", "keras", "lightgbm", "mxnet", "numpy", "scipy", "sklearn", "tensorflow", "theano",
    "torch", "xgboost",
}  # fmt: skip
ASK = """
import sys
from runner.backends import loading
from runner.workloads import lookup
for name in sys.argv[1:]:
    said = [loading.load(name).supports(lookup.load(workload)) for workload in lookup.names()]
    assert None in said and not any(line and "\\n" in line for line in said)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_no_framework_is_imported_to_ask_what_is_supported(repo):
    done = subprocess.run(
        [sys.executable, "-c", ASK, *catalog.names()],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not FRAMEWORKS & set(done.stdout.split())


CASES = [
    (Conv(3, (2, 3), "relu"), (5, 6, 2), (4, 4, 3), 2 * 2 * 3 * 2 * (4 * 4 * 3)),
    (MaxPool((2, 2)), (5, 4, 3), (2, 2, 3), 0),
    (Dropout(0.5), (5, 4, 3), (5, 4, 3), 0),
    (Flatten(), (2, 3, 4), (24,), 0),
    (Dense(7, "softmax"), (5,), (7,), 2 * 5 * 7),
    (Conv(3, (2, 2), "linear", (2, 3), bias=False), (5, 6, 2), (2, 2, 3), 2 * 8 * (2 * 2 * 3)),
    (DepthwiseConv((2, 3), "relu"), (5, 6, 3), (4, 4, 3), 2 * 2 * 3 * (4 * 4 * 3)),
    (Pad((1, 2), (0, 3)), (5, 4, 3), (8, 7, 3), 0),
    (GlobalAverage(), (5, 4, 3), (3,), 0),
    (BatchNorm(), (5, 4, 3), (5, 4, 3), 0),
    (Activate("relu"), (5, 4, 3), (5, 4, 3), 0),
    (Residual((Conv(2, (1, 1), "relu"), BatchNorm())), (5, 4, 2), (5, 4, 2), 2 * 2 * (5 * 4 * 2)),
]


@pytest.mark.parametrize(("layer", "inputs", "outputs", "operations"), CASES)
def test_what_follows_from_a_layer_holds_in_numpy(layer, inputs, outputs, operations):
    assert layer.after(inputs) == outputs
    assert layer.operations(inputs) == operations
    arrays = [np.ones(weight.shape, "float32") for weight in layer.weights(inputs)]
    batch = np.random.RandomState(0).uniform(-1, 1, (2, *inputs)).astype("float32")
    before = batch.copy()
    assert layer.forward(batch, *arrays).shape == (2, *outputs)
    assert (batch == before).all()


def test_weights_say_how_they_start():
    kernel, bias = Conv(3, (2, 3), "relu").weights((5, 6, 2))
    assert kernel == Weight("kernel", (2, 3, 2, 3), "glorot_uniform")
    assert bias == Weight("bias", (3,), "zeros")
    assert (kernel.size, bias.size) == (36, 3)


def test_statistics_are_kept_and_not_trained():
    block = Residual(
        body=(Pad((1, 1), (1, 1)), Conv(4, (3, 3), "linear", (2, 2), bias=False), BatchNorm()),
        shortcut=(Conv(4, (1, 1), "linear", (2, 2), bias=False), BatchNorm()),
        activation="relu",
    )
    network = Network((6, 6, 2), (block, GlobalAverage(), Dense(3, "softmax")))
    names = [weight.name for weight in network.weights() if not weight.trained]
    assert names == ["moving_mean", "moving_variance"] * 2
    # 3*3*2*4 + 2*4 of the body, 2*4 + 2*4 of the shortcut, 4*3 + 3; four statistics of 4.
    assert network.parameters() == 80 + 16 + 15
    assert network.numbers() == network.parameters() + 16
    numbers = list(range(len(network.weights())))
    assert network.trained(numbers) == [0, 1, 2, 5, 6, 7, 10, 11]
    shared = [(type(layer), arrays) for layer, arrays in network.by_leaf(numbers)]
    assert [pair for pair in shared if pair[1]] == [
        (Conv, (0,)), (BatchNorm, (1, 2, 3, 4)), (Conv, (5,)), (BatchNorm, (6, 7, 8, 9)),
        (Dense, (10, 11)),
    ]  # fmt: skip


def test_a_residual_adds_what_fits_and_holds_no_softmax():
    unlike = Residual((Conv(3, (1, 1), "linear"),))
    with pytest.raises(ValueError, match="cannot be added"):
        Network((4, 4, 2), (unlike,)).parameters()
    for made in (
        lambda: Residual((Dense(2, "softmax"),)),
        lambda: Residual((), (Activate("softmax"),)),
        lambda: Residual((Dense(2, "relu"),), activation="softmax"),
    ):
        with pytest.raises(ValueError, match="softmax is for the last layer"):
            made()


def test_leaves_are_changed_wherever_they_are():
    network = Network((4,), (Residual((Dropout(0.5), Dense(4, "relu")), (Dropout(0.2),)),))
    assert network.drops()
    still = network.without_chance()
    assert still.layers == (Residual((Dropout(0.0), Dense(4, "relu")), (Dropout(0.0),)),)
    assert not Network((4,), (Residual((Dense(4, "relu"),)),)).drops()


def test_operations_of_a_network_are_those_of_its_layers():
    layers = (Conv(2, (3, 3), "relu"), MaxPool((2, 2)), Flatten(), Dense(5, "softmax"))
    # 8x8 -> 6x6 of 2 filters over 9 values, then 18 inputs of 5 units.
    assert Network((8, 8, 1), layers).operations() == 2 * 9 * 6 * 6 * 2 + 2 * 18 * 5


def test_a_softmax_before_the_last_layer_is_refused():
    with pytest.raises(ValueError, match="softmax is for the last layer"):
        Network((4,), (Dense(3, "softmax"), Dense(2, "softmax")))


def test_arrays_are_given_to_the_layers_that_own_them():
    layers = (Dropout(0.5), Dense(3, "relu"), Dense(2, "softmax"))
    network = Network((4,), layers)
    grouped = network.grouped(["k1", "b1", "k2", "b2"])
    assert grouped == [(layers[0], ()), (layers[1], ("k1", "b1")), (layers[2], ("k2", "b2"))]
    for wrong in (["k1", "b1", "k2"], ["k1", "b1", "k2", "b2", "more"]):
        with pytest.raises(ValueError, match=f"{len(wrong)} weights for a network that has 4"):
            network.grouped(wrong)
