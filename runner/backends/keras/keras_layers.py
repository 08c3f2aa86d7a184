"""The layers of a network by Keras' names, which are the same in Keras 2 and 3."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict

from runner.backends.common.translation import UntranslatedError
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool, Shape

Options = Dict[str, Any]


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
    """How a layer's weights start: Keras has the names that networks use."""
    return {f"{weight.name}_initializer": weight.initialiser for weight in layer.weights(inputs)}
