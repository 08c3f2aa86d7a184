"""The layers of a network as blocks of Gluon, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict, Optional, Sequence

from runner.backends.common import padded
from runner.backends.common.translation import UntranslatedError
from runner.backends.mxnet import gluon_text
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
    Layer,
    MaxPool,
    Normal,
    Pad,
    Residual,
    Shape,
)
from runner.networks.layers.layer import UNIFORM_EDGE, Initialiser


def sequence(mx: Any, layers: Sequence[Layer], inputs: Shape) -> Any:
    """Layers one after the other as one block.

    Args:
        mx: ``mxnet``.
        layers: what to translate.
        inputs: the shape of one sample, channels last as networks state it.
    """
    made = mx.gluon.nn.HybridSequential()
    for layer, shape, zeros in padded.folded(layers, inputs):
        made.add(block(layer, mx, shape, **({"padding": zeros} if zeros else {})))
    return made


def is_stated(parameter: Any) -> bool:
    """Whether the layers state it: what is trained, and statistics. The others are kept at 0."""
    statistics = ("running_mean", "running_var")
    return parameter.grad_req != "null" or str(parameter.name).endswith(statistics)


@singledispatch
def block(layer: Layer, mx: Any, inputs: Shape, **words: Any) -> Any:
    """A layer as a block of ``mxnet.gluon.nn``; its parameters are in the order of its weights.

    Args:
        layer: what to translate.
        mx: ``mxnet``.
        inputs: the shape of one sample, channels last as networks state it.
        words: further ones for the block of a convolution.
    """
    del mx, inputs, words
    raise UntranslatedError("Gluon", layer)


@block.register
def _conv(layer: Conv, mx: Any, inputs: Shape, **words: Any) -> Any:
    options = {"activation": _activation(layer.activation), **_initial(mx, layer, inputs), **words}
    return mx.gluon.nn.Conv2D(
        layer.filters, layer.kernel, strides=layer.stride, use_bias=layer.bias, **options
    )


@block.register
def _depthwise(layer: DepthwiseConv, mx: Any, inputs: Shape, **words: Any) -> Any:
    channels = inputs[-1]
    options = {"activation": _activation(layer.activation), **_initial(mx, layer, inputs), **words}
    return mx.gluon.nn.Conv2D(channels, layer.kernel, groups=channels, **options)


@block.register
def _pool(layer: MaxPool, mx: Any, inputs: Shape) -> Any:
    del inputs
    return mx.gluon.nn.MaxPool2D(layer.size, layer.size)


@block.register
def _dropout(layer: Dropout, mx: Any, inputs: Shape) -> Any:
    del inputs
    return mx.gluon.nn.Dropout(layer.rate)


@block.register
def _flatten(layer: Flatten, mx: Any, inputs: Shape) -> Any:
    del layer, inputs
    return mx.gluon.nn.Flatten()


@block.register
def _dense(layer: Dense, mx: Any, inputs: Shape) -> Any:
    options = {"activation": _activation(layer.activation), **_initial(mx, layer, inputs)}
    steps = len(inputs) > 1  # which Gluon would make flat
    return mx.gluon.nn.Dense(layer.units, use_bias=layer.bias, flatten=not steps, **options)


@block.register
def _activate(layer: Activate, mx: Any, inputs: Shape) -> Any:
    del inputs
    name = _activation(layer.activation)
    return mx.gluon.nn.Activation(name) if name else mx.gluon.nn.Identity()


@block.register
def _pad(layer: Pad, mx: Any, inputs: Shape) -> Any:
    del inputs
    widths = (0, 0, 0, 0, *layer.rows, *layer.columns)

    class Zeros(mx.gluon.HybridBlock):  # type: ignore[misc]
        def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
            return F.pad(x, mode="constant", pad_width=widths, constant_value=0)

    return Zeros()


@block.register
def _batch_norm(layer: BatchNorm, mx: Any, inputs: Shape) -> Any:
    options = _initial(mx, layer, inputs)
    return mx.gluon.nn.BatchNorm(momentum=layer.momentum, epsilon=layer.epsilon, **options)


@block.register
def _average(layer: GlobalAverage, mx: Any, inputs: Shape) -> Any:
    del layer, inputs
    made = mx.gluon.nn.HybridSequential()
    made.add(mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Flatten())
    return made


@block.register
def _residual(layer: Residual, mx: Any, inputs: Shape) -> Any:
    class Sum(mx.gluon.HybridBlock):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.body = sequence(mx, layer.body, inputs)
                self.shortcut = sequence(mx, layer.shortcut, inputs)

        def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
            out = self.body(x) + self.shortcut(x)
            name = _activation(layer.activation)
            return F.Activation(out, act_type=name) if name else out

    return Sum()


@block.register
def _embedding(layer: Embedding, mx: Any, inputs: Shape) -> Any:
    return mx.gluon.nn.Embedding(layer.words, layer.units, **_initial(mx, layer, inputs))


@block.register
def _lstm(layer: LSTM, mx: Any, inputs: Shape) -> Any:
    return gluon_text.last_output(mx, layer.units, _initial(mx, layer, inputs))


@block.register
def _convolution_over_time(layer: Conv1D, mx: Any, inputs: Shape) -> Any:
    options = {"activation": _activation(layer.activation), **_initial(mx, layer, inputs)}
    return gluon_text.convolution(mx, layer, options)


@block.register
def _maximum(layer: GlobalMax, mx: Any, inputs: Shape) -> Any:
    del layer, inputs
    return gluon_text.maximum(mx)


def _activation(name: str) -> Optional[str]:
    # Softmax is in the loss, as Gluon's users have it.
    return {"linear": None, "relu": "relu", "softmax": None}[name]


def _initial(mx: Any, layer: Layer, inputs: Shape) -> Dict[str, Any]:
    """How the weights start, by Gluon's names; Gluon calls every kernel ``weight``."""
    # Xavier's defaults are Glorot's: uniform, factor_type "avg", magnitude 3.
    initialisers: Dict[Initialiser, Any] = {
        "forget_ones": mx.init.LSTMBias(1.0),
        "glorot_uniform": mx.init.Xavier(),
        "ones": mx.init.One(),
        "orthogonal": mx.init.Orthogonal(scale=1.0, rand_type="normal"),
        "random_uniform": mx.init.Uniform(UNIFORM_EDGE),
        "zeros": mx.init.Zero(),
    }
    names = {
        "kernel": "weight", "bias": "bias", "embeddings": "weight", "gamma": "gamma",
        "beta": "beta", "moving_mean": "running_mean", "moving_variance": "running_variance",
    }  # fmt: skip
    if isinstance(layer, LSTM):  # which has two of each, and the second bias starts at 0
        names = {"kernel": "i2h_weight", "recurrent": "h2h_weight", "bias": "i2h_bias"}
    return {
        f"{names[weight.name]}_initializer": mx.init.Normal(weight.initialiser.deviation)
        if isinstance(weight.initialiser, Normal)
        else initialisers[weight.initialiser]
        for weight in layer.weights(inputs)
    }
