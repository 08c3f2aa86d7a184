"""The layers of a network by Keras' names, which are the same in Keras 2 and 3."""

from __future__ import annotations

from typing import Any

from runner.backends.keras import keras_attention
from runner.backends.keras.keras_building import Building, Options, translated
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
    Pad,
)

__all__ = ["Building", "keras_attention", "translated"]

_TIME_FIRST = "channels_last"
"""Of texts, whatever the layout of pictures is."""


@translated.register
def _conv(layer: Conv, building: Building, options: Options) -> Any:
    return building.classes.Conv2D(
        layer.filters,
        layer.kernel,
        strides=layer.stride,
        activation=layer.activation,
        use_bias=layer.bias,
        **options,
    )


@translated.register
def _depthwise(layer: DepthwiseConv, building: Building, options: Options) -> Any:
    names = {"kernel_initializer": "depthwise_initializer"}  # Keras' own name for its kernel's
    renamed = {names.get(name, name): value for name, value in options.items()}
    return building.classes.DepthwiseConv2D(layer.kernel, activation=layer.activation, **renamed)


@translated.register
def _pool(layer: MaxPool, building: Building, options: Options) -> Any:
    return building.classes.MaxPooling2D(pool_size=layer.size, **options)


@translated.register
def _dropout(layer: Dropout, building: Building, options: Options) -> Any:
    return building.classes.Dropout(layer.rate, **options)


@translated.register
def _flatten(layer: Flatten, building: Building, options: Options) -> Any:
    # It puts channels last whatever the layout (data_format): as the reference has them.
    del layer
    return building.classes.Flatten(**options)


@translated.register
def _dense(layer: Dense, building: Building, options: Options) -> Any:
    return building.classes.Dense(
        layer.units, activation=layer.activation, use_bias=layer.bias, **options
    )


@translated.register
def _activate(layer: Activate, building: Building, options: Options) -> Any:
    return building.classes.Activation(layer.activation, **options)


@translated.register
def _pad(layer: Pad, building: Building, options: Options) -> Any:
    return building.classes.ZeroPadding2D((layer.rows, layer.columns), **options)


@translated.register
def _batch_norm(layer: BatchNorm, building: Building, options: Options) -> Any:
    return building.classes.BatchNormalization(
        axis=1 if building.channels_first else -1,
        momentum=layer.momentum,
        epsilon=layer.epsilon,
        **options,
    )


@translated.register
def _average(layer: GlobalAverage, building: Building, options: Options) -> Any:
    del layer
    return building.classes.GlobalAveragePooling2D(**options)


@translated.register
def _embedding(layer: Embedding, building: Building, options: Options) -> Any:
    return building.classes.Embedding(layer.words, layer.units, **options)


@translated.register
def _lstm(layer: LSTM, building: Building, options: Options) -> Any:
    # Keras' own defaults, written down: with any other cuDNN's code is not taken.
    return building.classes.LSTM(
        layer.units, activation="tanh", recurrent_activation="sigmoid", unit_forget_bias=True,
        **options,
    )  # fmt: skip


@translated.register
def _convolution_over_time(layer: Conv1D, building: Building, options: Options) -> Any:
    return building.classes.Conv1D(
        layer.filters, layer.width, activation=layer.activation, data_format=_TIME_FIRST, **options
    )


@translated.register
def _maximum(layer: GlobalMax, building: Building, options: Options) -> Any:
    del layer
    return building.classes.GlobalMaxPooling1D(data_format=_TIME_FIRST, **options)
