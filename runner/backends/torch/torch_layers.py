"""The layers of a network as modules of PyTorch, channels first."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Sequence

from runner.backends.torch import torch_attention, torch_text
from runner.backends.torch.torch_modules import activation, modules, sequence
from runner.networks.layers import (
    LSTM,
    Activate,
    BatchNorm,
    Conv,
    Conv1D,
    Dense,
    DepthwiseConv,
    Dropout,
    Embedding,
    Flatten,
    GlobalAverage,
    GlobalMax,
    MaxPool,
    Normal,
    Pad,
    Residual,
    Shape,
)
from runner.networks.layers.layer import UNIFORM_EDGE, Initialiser
from runner.networks.network import Network

__all__ = ["initialise", "modules", "sequence", "tensors", "torch_attention"]


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


@modules.register
def _conv(layer: Conv, nn: Any, inputs: Shape, **options: Any) -> Iterator[Any]:
    options = {**options, "bias": layer.bias}
    yield nn.Conv2d(inputs[-1], layer.filters, layer.kernel, layer.stride, **options)
    yield from activation(nn, layer.activation)


@modules.register
def _depthwise(layer: DepthwiseConv, nn: Any, inputs: Shape, **options: Any) -> Iterator[Any]:
    channels = inputs[-1]
    yield nn.Conv2d(channels, channels, layer.kernel, groups=channels, **options)
    yield from activation(nn, layer.activation)


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
    yield from activation(nn, layer.activation)


@modules.register
def _activate(layer: Activate, nn: Any, inputs: Shape) -> Iterator[Any]:
    del inputs
    yield from activation(nn, layer.activation)


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
    yield from activation(nn, layer.activation)


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
    yield from activation(nn, layer.activation)


@modules.register
def _maximum(layer: GlobalMax, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield torch_text.maximum(nn)


def _forget_ones(nn: Any, values: Any) -> None:
    quarter = len(values) // 4
    nn.init.zeros_(values)
    nn.init.ones_(values[quarter : 2 * quarter])
