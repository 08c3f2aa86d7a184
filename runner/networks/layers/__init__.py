"""The layers of which networks are stated, one module a family."""

from runner.networks.layers.dense import Activate, Dense, Dropout
from runner.networks.layers.layer import Layer, Shape, Weight
from runner.networks.layers.normalised import BatchNorm
from runner.networks.layers.pictures import Conv, Flatten, GlobalAverage, MaxPool, Pad
from runner.networks.layers.residual import Residual

__all__ = [
    "Activate",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAverage",
    "Layer",
    "MaxPool",
    "Pad",
    "Residual",
    "Shape",
    "Weight",
]
