"""The layers of a network as modules of PyTorch, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Iterator, List

from runner.backends.common.translation import UntranslatedError
from runner.backends.torch import torch_text
from runner.networks.layers import (
    LSTM,
    Conv,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalMax,
    Layer,
    MaxPool,
    Shape,
)
from runner.networks.layers.layer import UNIFORM_EDGE
from runner.networks.network import Network


def sequence(nn: Any, network: Network) -> List[Any]:
    """All modules, one after the other; the softmax of the last layer is in the loss."""
    pairs = zip(network.layers, network.shapes())
    return [module for layer, inputs in pairs for module in modules(layer, nn, inputs)]


def initialise(nn: Any, network: Network, parameters: List[Any]) -> None:
    """Give ``parameters`` the first values that the layers state."""
    # PyTorch has outputs first: a matrix whose columns are orthogonal is one whose rows are.
    fill = {
        "forget_ones": lambda values: _forget_ones(nn, values),
        "glorot_uniform": nn.init.xavier_uniform_,
        "orthogonal": nn.init.orthogonal_,
        "random_uniform": lambda values: nn.init.uniform_(values, -UNIFORM_EDGE, UNIFORM_EDGE),
        "zeros": nn.init.zeros_,
    }
    for weight, parameter in zip(network.weights(), parameters):
        fill[weight.initialiser](parameter)


def trained(model: Any) -> List[Any]:
    """The parameters of ``model`` that the layers state; the others are kept at 0."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


@singledispatch
def modules(layer: Layer, nn: Any, inputs: Shape) -> Iterator[Any]:
    """A layer as modules of ``torch.nn``; its parameters are in the order of its weights.

    Args:
        layer: what to translate.
        nn: ``torch.nn``.
        inputs: the shape of one sample, channels last as networks state it.
    """
    del nn, inputs
    raise UntranslatedError("PyTorch", layer)


@modules.register
def _conv(layer: Conv, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield nn.Conv2d(inputs[-1], layer.filters, layer.kernel)
    yield from _activation(nn, layer.activation)


@modules.register
def _pool(layer: MaxPool, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield nn.MaxPool2d(layer.size)


@modules.register
def _embedding(layer: Embedding, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield nn.Embedding(layer.words, layer.units)


@modules.register
def _lstm(layer: LSTM, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield torch_text.last_output(layer, nn, inputs)


@modules.register
def _convolution_over_time(layer: Conv1D, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield torch_text.convolution(layer, nn, inputs)
    yield from _activation(nn, layer.activation)


@modules.register
def _maximum(layer: GlobalMax, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield torch_text.maximum(nn)


@modules.register
def _dropout(layer: Dropout, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield nn.Dropout(layer.rate)


@modules.register
def _flatten(layer: Flatten, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield nn.Flatten()


@modules.register
def _dense(layer: Dense, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield nn.Linear(inputs[-1], layer.units)
    yield from _activation(nn, layer.activation)


def _forget_ones(nn: Any, values: Any) -> None:
    quarter = len(values) // 4
    nn.init.zeros_(values)
    nn.init.ones_(values[quarter : 2 * quarter])


def _activation(nn: Any, name: str) -> Iterator[Any]:
    # Softmax is in the loss, as PyTorch's users have it.
    yield from {"relu": [nn.ReLU()], "softmax": []}[name]
