"""The layers of a network as blocks of Gluon, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict, Optional

from runner.backends.common.translation import UntranslatedError
from runner.backends.mxnet import gluon_text
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


@singledispatch
def block(layer: Layer, mx: Any, inputs: Shape) -> Any:
    """A layer as a block of ``mxnet.gluon.nn``; its parameters are in the order of its weights.

    Args:
        layer: what to translate.
        mx: ``mxnet``.
        inputs: the shape of one sample, channels last as networks state it.
    """
    del mx, inputs
    raise UntranslatedError("Gluon", layer)


@block.register
def _conv(layer: Conv, mx: Any, inputs: Shape) -> Any:
    options = {"activation": _activation(layer.activation), **_initial(mx, layer, inputs)}
    return mx.gluon.nn.Conv2D(layer.filters, layer.kernel, **options)


@block.register
def _pool(layer: MaxPool, mx: Any, inputs: Shape) -> Any:
    del inputs
    return mx.gluon.nn.MaxPool2D(layer.size, layer.size)


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
    return mx.gluon.nn.Dense(layer.units, **options)


def _activation(name: str) -> Optional[str]:
    # Softmax is in the loss, as Gluon's users have it.
    return {"relu": "relu", "softmax": None}[name]


def _initial(mx: Any, layer: Layer, inputs: Shape) -> Dict[str, Any]:
    """How the weights start, by Gluon's names; Gluon calls every kernel ``weight``."""
    # Xavier's defaults are Glorot's: uniform, factor_type "avg", magnitude 3.
    initialisers = {
        "forget_ones": mx.init.LSTMBias(1.0),
        "glorot_uniform": mx.init.Xavier(),
        "orthogonal": mx.init.Orthogonal(scale=1.0, rand_type="normal"),
        "random_uniform": mx.init.Uniform(UNIFORM_EDGE),
        "zeros": mx.init.Zero(),
    }
    names = {"kernel": "weight", "bias": "bias", "embeddings": "weight"}
    if isinstance(layer, LSTM):  # which has two of each, and the second bias starts at 0
        names = {"kernel": "i2h_weight", "recurrent": "h2h_weight", "bias": "i2h_bias"}
    return {
        f"{names[weight.name]}_initializer": initialisers[weight.initialiser]
        for weight in layer.weights(inputs)
    }
