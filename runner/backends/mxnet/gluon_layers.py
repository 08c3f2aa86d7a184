"""The layers of a network as blocks of Gluon, channels first."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict, Optional

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool, Shape


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
    initialisers = {"glorot_uniform": mx.init.Xavier(), "zeros": mx.init.Zero()}
    names = {"kernel": "weight", "bias": "bias"}
    return {
        f"{names[weight.name]}_initializer": initialisers[weight.initialiser]
        for weight in layer.weights(inputs)
    }
