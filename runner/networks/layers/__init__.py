"""The layers of which networks are stated, one module a family."""

from runner.networks.layers.attention import Attention, Gelu, LayerNorm, Positions
from runner.networks.layers.dense import Activate, Dense, Dropout
from runner.networks.layers.layer import Layer, Normal, Shape, Weight
from runner.networks.layers.normalised import BatchNorm
from runner.networks.layers.pictures import (
    Conv,
    DepthwiseConv,
    Flatten,
    GlobalAverage,
    MaxPool,
    Pad,
)
from runner.networks.layers.recurrent import LSTM
from runner.networks.layers.residual import Residual
from runner.networks.layers.sequences import Conv1D, Embedding, GlobalMax

__all__ = [
    "LSTM", "Activate", "Attention", "BatchNorm", "Conv", "Conv1D", "Dense", "DepthwiseConv",
    "Dropout", "Embedding", "Flatten", "Gelu", "GlobalAverage", "GlobalMax", "Layer",
    "LayerNorm", "MaxPool", "Normal", "Pad", "Positions", "Residual", "Shape", "Weight",
]  # fmt: skip
