"""The layers of which networks are stated: the picture's in ``pictures``, the rest in ``dense``."""

from runner.networks.layers.dense import Dense, Dropout
from runner.networks.layers.layer import Layer, Shape, Weight
from runner.networks.layers.pictures import Conv, Flatten, MaxPool

__all__ = ["Conv", "Dense", "Dropout", "Flatten", "Layer", "MaxPool", "Shape", "Weight"]
