"""The layers of a network by Keras' names, which are the same in Keras 2 and 3."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, Dict, List, Sequence

from runner.backends.common.translation import UntranslatedError
from runner.backends.keras import keras_attention
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
from runner.networks.layers.layer import Initialiser, along

Options = Dict[str, Any]

_TIME_FIRST = "channels_last"
"""Of texts, whatever the layout of pictures is."""


@dataclass(frozen=True)
class Building:
    """How a model is built.

    Attributes:
        keras: Keras.
        classes: ``keras.layers``, or what stands in its place.
        channels_first: the layout that Keras is set to.
        made: Keras' layers so far, in the order of the network's leaves.
    """

    keras: Any
    classes: Any
    channels_first: bool
    made: List[Any] = field(default_factory=list)

    def through(self, layers: Sequence[Layer], inputs: Shape, x: Any) -> Any:
        """What comes out of layers one after the other, as Keras' functional models have it.

        Args:
            layers: what to translate.
            inputs: the shape of one sample, channels last as networks state it.
            x: Keras' tensor of what goes in.
        """
        for layer, shape in along(layers, inputs):
            if isinstance(layer, Residual):
                x = self._beside(layer, shape, x)
            else:
                own = translated(layer, self, self._initialisers(layer, shape))
                self.made.append(own)
                x = own(x)
        return x

    def _initialisers(self, layer: Layer, inputs: Shape) -> Options:
        return {
            f"{weight.name}_initializer": self._initialiser(weight.initialiser)
            for weight in layer.weights(inputs)
        }

    def _initialiser(self, start: Initialiser) -> Any:
        """Keras has the names that networks use; the ones of a forget gate are its LSTM's own."""
        if isinstance(start, Normal):
            return self.keras.initializers.RandomNormal(0.0, start.deviation)
        return "zeros" if start == "forget_ones" else start

    def _beside(self, layer: Residual, inputs: Shape, x: Any) -> Any:
        ends = [self.through(layers, inputs, x) for layers in (layer.body, layer.shortcut)]
        total = self.classes.Add()(ends)
        if layer.activation == "linear":
            return total
        return self.classes.Activation(layer.activation)(total)


@singledispatch
def translated(layer: Layer, building: Building, options: Options) -> Any:
    """A layer of Keras.

    Args:
        layer: what to translate.
        building: where Keras' classes are, and in which layout.
        options: how the layer's own weights start.
    """
    del building, options
    raise UntranslatedError("Keras", layer)


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


@translated.register
def _positions(layer: Positions, building: Building, options: Options) -> Any:
    del layer
    return keras_attention.positions(building.classes, options["positions_initializer"])


@translated.register
def _layer_norm(layer: LayerNorm, building: Building, options: Options) -> Any:
    return building.classes.LayerNormalization(epsilon=layer.epsilon, center=False, **options)


@translated.register
def _gelu(layer: Gelu, building: Building, options: Options) -> Any:
    del layer, options
    return keras_attention.gelu(building.keras, building.classes)


@translated.register
def _attention(layer: Attention, building: Building, options: Options) -> Any:
    del options  # one for all kernels is all that Keras takes
    return keras_attention.attention(layer, building.keras, building.classes)
