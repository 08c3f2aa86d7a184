"""The layers of a network as modules of PyTorch, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Callable, Dict, Iterator, List, Sequence

from runner.backends.common.translation import UntranslatedError
from runner.backends.torch import torch_attention, torch_text
from runner.networks.layers import (
    LSTM,
    Activate,
    Attention,
    BatchNorm,
    Conv,
    Conv1D,
    Dense,
    DepthwiseConv,
    Dropout,
    Embedding,
    Flatten,
    Gelu,
    GlobalAverage,
    GlobalMax,
    Layer,
    LayerNorm,
    MaxPool,
    Normal,
    Pad,
    Positions,
    Residual,
    Shape,
)
from runner.networks.layers.layer import UNIFORM_EDGE, Initialiser, along
from runner.networks.network import Network


def sequence(nn: Any, layers: Sequence[Layer], inputs: Shape) -> Any:
    """Layers one after the other; the softmax of a network's last layer is in the loss.

    Args:
        nn: ``torch.nn``.
        layers: what to translate.
        inputs: the shape of one sample, channels last as networks state it.
    """
    pairs = along(layers, inputs)
    return nn.Sequential(
        *(module for layer, shape in pairs for module in modules(layer, nn, shape))
    )


def tensors(model: Any) -> List[Any]:
    """What the layers state of ``model``, in their order: parameters, and statistics.

    Parameters that need no gradient are kept at 0; of its batches BatchNorm keeps a count.
    """
    found = []
    for module in model.modules():
        found += [own for own in module.parameters(recurse=False) if own.requires_grad]
        found += [own for own in module.buffers(recurse=False) if own.is_floating_point()]
    return found


def initialise(nn: Any, network: Network, values: Sequence[Any]) -> None:
    """Give ``values`` (see :func:`tensors`) the first values that the layers state."""
    # PyTorch has outputs first: a matrix whose columns are orthogonal is one whose rows are.
    fill: Dict[Initialiser, Callable[[Any], Any]] = {
        "forget_ones": lambda values: _forget_ones(nn, values),
        "glorot_uniform": nn.init.xavier_uniform_,
        "ones": nn.init.ones_,
        "orthogonal": nn.init.orthogonal_,
        "random_uniform": lambda values: nn.init.uniform_(values, -UNIFORM_EDGE, UNIFORM_EDGE),
        "zeros": nn.init.zeros_,
    }
    for weight, value in zip(network.weights(), values):
        start = weight.initialiser
        if isinstance(start, Normal):
            nn.init.normal_(value, std=start.deviation)
        else:
            fill[start](value)


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
    yield nn.Conv2d(inputs[-1], layer.filters, layer.kernel, layer.stride, bias=layer.bias)
    yield from _activation(nn, layer.activation)


@modules.register
def _depthwise(layer: DepthwiseConv, nn: Any, inputs: Shape) -> Iterator[Any]:
    channels = inputs[-1]
    yield nn.Conv2d(channels, channels, layer.kernel, groups=channels)
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
    yield nn.Linear(inputs[-1], layer.units, bias=layer.bias)
    yield from _activation(nn, layer.activation)


@modules.register
def _activate(layer: Activate, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield from _activation(nn, layer.activation)


@modules.register
def _pad(layer: Pad, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield nn.ZeroPad2d((*layer.columns, *layer.rows))


@modules.register
def _batch_norm(layer: BatchNorm, nn: Any, inputs: Shape) -> Iterator[Any]:
    kind = nn.BatchNorm2d if len(inputs) == 3 else nn.BatchNorm1d
    # PyTorch's momentum is the share of the new.
    yield kind(inputs[-1], eps=layer.epsilon, momentum=1.0 - layer.momentum)


@modules.register
def _average(layer: GlobalAverage, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield nn.AdaptiveAvgPool2d(1)
    yield nn.Flatten()


@modules.register
def _residual(layer: Residual, nn: Any, inputs: Shape) -> Iterator[Any]:
    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = sequence(nn, layer.body, inputs)
            self.shortcut = sequence(nn, layer.shortcut, inputs)

        def forward(self, x: Any) -> Any:
            return self.body(x) + self.shortcut(x)

    yield Block()
    yield from _activation(nn, layer.activation)


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
def _positions(layer: Positions, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer
    yield torch_attention.positions(nn, inputs)


@modules.register
def _layer_norm(layer: LayerNorm, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield nn.LayerNorm(inputs[-1], eps=layer.epsilon, bias=False)


@modules.register
def _gelu(layer: Gelu, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield nn.GELU(approximate="tanh")


@modules.register
def _attention(layer: Attention, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield torch_attention.attention(layer, nn, inputs)


def _forget_ones(nn: Any, values: Any) -> None:
    quarter = len(values) // 4
    nn.init.zeros_(values)
    nn.init.ones_(values[quarter : 2 * quarter])


def _activation(nn: Any, name: str) -> Iterator[Any]:
    # Softmax is in the loss, as PyTorch's users have it.
    yield from {"linear": [], "relu": [nn.ReLU()], "softmax": []}[name]
