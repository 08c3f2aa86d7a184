"""The layers of a network as modules of PyTorch, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Iterator, List

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool, Shape
from runner.networks.network import Network


def sequence(nn: Any, network: Network) -> List[Any]:
    """All modules, one after the other; the softmax of the last layer is in the loss."""
    pairs = zip(network.layers, network.shapes())
    return [module for layer, inputs in pairs for module in modules(layer, nn, inputs)]


def initialise(nn: Any, network: Network, parameters: List[Any]) -> None:
    """Give ``parameters`` the first values that the layers state."""
    fill = {"glorot_uniform": nn.init.xavier_uniform_, "zeros": nn.init.zeros_}
    for weight, parameter in zip(network.weights(), parameters):
        fill[weight.initialiser](parameter)


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


def _activation(nn: Any, name: str) -> Iterator[Any]:
    # Softmax is in the loss, as PyTorch's users have it.
    yield from {"relu": [nn.ReLU()], "softmax": []}[name]
