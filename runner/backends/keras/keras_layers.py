"""The layers of a network by Keras' names, which are the same in Keras 2 and 3."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict

from runner.backends.common.translation import UntranslatedError
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

Options = Dict[str, Any]

_TIME_FIRST = "channels_last"
"""Of texts, whatever the layout of pictures is."""


@singledispatch
def translated(layer: Layer, classes: Any, options: Options) -> Any:
    """A layer of Keras.

    Args:
        layer: what to translate.
        classes: ``keras.layers``, or what stands in its place.
        options: what every layer of Keras takes, and how the layer's own weights start.
    """
    del classes, options
    raise UntranslatedError("Keras", layer)


@translated.register
def _conv(layer: Conv, classes: Any, options: Options) -> Any:
    return classes.Conv2D(layer.filters, layer.kernel, activation=layer.activation, **options)


@translated.register
def _pool(layer: MaxPool, classes: Any, options: Options) -> Any:
    return classes.MaxPooling2D(pool_size=layer.size, **options)


@translated.register
def _embedding(layer: Embedding, classes: Any, options: Options) -> Any:
    return classes.Embedding(layer.words, layer.units, **options)


@translated.register
def _lstm(layer: LSTM, classes: Any, options: Options) -> Any:
    # Keras' own defaults, written down: with any other cuDNN's code is not taken.
    return classes.LSTM(
        layer.units, activation="tanh", recurrent_activation="sigmoid", unit_forget_bias=True,
        **options,
    )  # fmt: skip


@translated.register
def _convolution_over_time(layer: Conv1D, classes: Any, options: Options) -> Any:
    return classes.Conv1D(
        layer.filters, layer.width, activation=layer.activation, data_format=_TIME_FIRST, **options
    )


@translated.register
def _maximum(layer: GlobalMax, classes: Any, options: Options) -> Any:
    del layer
    return classes.GlobalMaxPooling1D(data_format=_TIME_FIRST, **options)


@translated.register
def _dropout(layer: Dropout, classes: Any, options: Options) -> Any:
    return classes.Dropout(layer.rate, **options)


@translated.register
def _flatten(layer: Flatten, classes: Any, options: Options) -> Any:
    # It puts channels last whatever the layout (data_format): as the reference has them.
    del layer
    return classes.Flatten(**options)


@translated.register
def _dense(layer: Dense, classes: Any, options: Options) -> Any:
    return classes.Dense(layer.units, activation=layer.activation, **options)


def initialisers(layer: Layer, inputs: Shape) -> Options:
    """How a layer's weights start: Keras has the names that networks use, but for one.

    The ones of a forget gate are an option of its LSTM.
    """
    names = {"forget_ones": "zeros"}
    return {
        f"{weight.name}_initializer": names.get(weight.initialiser, weight.initialiser)
        for weight in layer.weights(inputs)
    }
