"""How a model of Keras is built, and the function that each layer registers its own with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, Dict, List, Sequence

from runner.backends.common import padded
from runner.backends.common.translation import UntranslatedError
from runner.backends.keras import keras_precision
from runner.networks.layers import Layer, Normal, Residual, Shape
from runner.networks.layers.layer import Initialiser

Options = Dict[str, Any]


@dataclass(frozen=True)
class Building:
    """How a model is built.

    Attributes:
        keras: Keras.
        classes: ``keras.layers``, or what stands in its place.
        channels_first: the layout that Keras is set to.
        made: Keras' layers so far that have weights, in the order of the network's leaves.
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
        for layer, shape, zeros in padded.folded(layers, inputs, padded.keeps_size):
            if isinstance(layer, Residual):
                x = self._beside(layer, shape, x)
                continue
            apart = layer
            if keras_precision.is_mixed(self.keras):
                apart = keras_precision.without_softmax(layer)
            options = {"padding": "same"} if zeros else {}
            own = translated(apart, self, {**options, **self._initialisers(layer, shape)})
            if layer.weights(shape):
                self.made.append(own)
            x = own(x)
            if apart != layer:
                x = self.classes.Activation("softmax", dtype="float32")(x)
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
        options: how the layer's own weights start, and which zeros a convolution puts itself.
    """
    del building, options
    raise UntranslatedError("Keras", layer)
