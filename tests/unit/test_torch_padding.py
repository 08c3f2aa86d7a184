"""Zeros around a picture, as PyTorch's users write them: words of its convolution, or a layer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner.backends.torch import torch_layers
from runner.networks.layers import Conv, DepthwiseConv, MaxPool, Pad


def written(*layers):
    """What is made of the layers on pictures of 8 × 8 with 3 channels: names, words of padding."""

    def named(name):
        return lambda *words, **options: (name, options.get("padding"))

    kinds = ("Conv2d", "MaxPool2d", "ReLU", "ZeroPad2d")
    nn = SimpleNamespace(
        Sequential=lambda *parts: list(parts), **{kind: named(kind) for kind in kinds}
    )
    return torch_layers.sequence(nn, layers, (8, 8, 3))


CONV = Conv(filters=4, kernel=(3, 3), activation="relu")


def test_the_convolution_behind_them_has_them():
    even = Pad((1, 1), (2, 2))
    assert written(even, CONV) == [("Conv2d", (1, 2)), ("ReLU", None)]
    depthwise = DepthwiseConv(kernel=(3, 3), activation="linear")
    assert written(even, depthwise, CONV) == [
        ("Conv2d", (1, 2)), ("Conv2d", None), ("ReLU", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "layers",
    [
        (Pad((0, 1), (1, 1)), CONV),
        (Pad((1, 1), (4, 5)), CONV),
        (Pad((1, 1), (1, 1)), MaxPool((2, 2)), CONV),
        (Pad((1, 1), (1, 1)), Pad((1, 0), (0, 0)), CONV),
    ],
)
def test_otherwise_they_are_a_layer(layers):
    found = written(*layers)
    assert found[0] == ("ZeroPad2d", None)
    assert ("Conv2d", None) in found
