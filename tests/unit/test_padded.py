"""Zeros around a picture: which convolutions put them themselves, in Keras' words and in JAX's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner.backends.common import padded
from runner.backends.jax.jax_forward import Pass, through
from runner.backends.jax.jax_pictures import forward
from runner.backends.keras import keras_layers
from runner.networks.layers import Conv, DepthwiseConv, Dropout, Pad

ONES = Pad((1, 1), (1, 1))
CONV = Conv(filters=4, kernel=(3, 3), activation="linear")
WIDE = Conv(filters=4, kernel=(3, 5), activation="linear")
STRIDED = Conv(filters=4, kernel=(3, 3), activation="linear", stride=(2, 2))
DEPTHWISE = DepthwiseConv(kernel=(3, 3), activation="linear")


def in_keras(*layers):
    """What Keras is told of the layers, on pictures of 8 x 8 with 3 channels: name, padding."""
    told = []

    class Kept:
        def __init__(self, name):
            self.name = name

        def __call__(self, *words, **options):
            told.append((self.name, options.get("padding")))
            return lambda x: x

    names = ("Conv2D", "DepthwiseConv2D", "ZeroPadding2D", "Dropout")
    classes = SimpleNamespace(**{name: Kept(name) for name in names})
    keras = SimpleNamespace(initializers=SimpleNamespace())
    building = keras_layers.Building(keras, classes, channels_first=False)
    building.through(layers, (8, 8, 3), None)
    return told, len(building.made)


def test_keras_calls_them_same_where_they_are_that():
    assert in_keras(ONES, CONV) == ([("Conv2D", "same")], 1)
    assert in_keras(ONES, DEPTHWISE, CONV) == ([("DepthwiseConv2D", "same"), ("Conv2D", None)], 2)
    assert in_keras(Pad((1, 1), (2, 2)), WIDE) == ([("Conv2D", "same")], 1)


@pytest.mark.parametrize(
    "layers",
    [
        (ONES, STRIDED),  # Keras' same puts them on one side alone
        (Pad((2, 2), (2, 2)), CONV),
        (Pad((0, 1), (1, 1)), CONV),
        (ONES, WIDE),
    ],
)
def test_else_keras_has_a_layer_of_them(layers):
    told, weighty = in_keras(*layers)
    assert told == [("ZeroPadding2D", None), ("Conv2D", None)]
    assert weighty == 1, "what has no weights is no part of what is handed over"


def test_zeros_before_something_else_stay_where_they_are():
    told, _ = in_keras(ONES, Dropout(0.5), CONV)
    assert told == [("ZeroPadding2D", None), ("Dropout", None), ("Conv2D", None)]
    folded = list(padded.folded((ONES, Dropout(0.5), CONV), (8, 8, 3)))
    assert [(layer, zeros) for layer, _, zeros in folded] == [
        (ONES, None), (Dropout(0.5), None), (CONV, None)
    ]  # fmt: skip


def of_jax(layers, *, patches=False):
    """The padding that each convolution of JAX is given, and how often arrays were padded."""
    given, padded_apart = [], []

    def convolve(x, kernel, stride, padding, **options):
        given.append(padding)
        return x

    lax = SimpleNamespace(conv_general_dilated=convolve)
    numpy = SimpleNamespace(pad=lambda x, zeros: padded_apart.append(zeros) or x)
    jax = SimpleNamespace(lax=lax, numpy=numpy, random=None)
    way = Pass(jax, patches, None)
    through([(layer, ("kernel", 0)) for layer in layers], way, 1.0)
    return given, len(padded_apart)


@pytest.mark.parametrize("pad", [ONES, Pad((0, 1), (1, 1)), Pad((4, 5), (1, 1))])
def test_jax_takes_any_as_a_word_of_its_convolution(pad):
    assert of_jax([pad, STRIDED, CONV]) == ([(pad.rows, pad.columns), ((0, 0), (0, 0))], 0)


def test_jax_pads_apart_where_windows_are_cut_by_hand():
    way = Pass(SimpleNamespace(numpy=SimpleNamespace(pad=lambda x, zeros: zeros)), True, None)
    assert forward(ONES, way, None, ()) == ((0, 0), (1, 1), (1, 1), (0, 0))
    assert way.zeros() == ((0, 0), (0, 0))
