"""The layers of a transformer's decoder that Keras lacks, or builds in another shape."""

from __future__ import annotations

from typing import Any, Dict, Sequence

from runner.backends.keras.keras_building import Building, Options, translated
from runner.networks.layers import Attention, Gelu, Layer, LayerNorm, Positions


def positions(classes: Any, initializer: Any) -> Any:
    """A trained table that is added, as in Keras' own example of a small GPT."""

    class Positions(classes.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.rows = self.add_weight(
                name="positions", shape=tuple(shape[1:]), initializer=initializer
            )

        def call(self, x: Any) -> Any:
            return x + self.rows

    return Positions()


def gelu(keras: Any, classes: Any) -> Any:
    """With the hyperbolic tangent: Keras' own default is the other form."""

    def bent(x: Any) -> Any:
        return keras.activations.gelu(x, approximate=True)

    return classes.Activation(bent)


def attention(layer: Attention, keras: Any, classes: Any) -> Any:
    """``MultiHeadAttention`` of a text with itself, with its causal mask."""

    class Kernels(keras.initializers.Initializer):  # type: ignore[misc]
        """``MultiHeadAttention`` takes one initializer for all of its kernels: (units, heads, units
        of a head), and (heads, units of a head, units) for what goes out."""

        def __call__(self, shape: Any, dtype: Any = None, **others: Any) -> Any:
            start = layer.start if shape[1] == layer.heads else layer.projection_start
            draw = keras.initializers.RandomNormal(0.0, start.deviation)
            return draw(shape, dtype=dtype, **others)

        def get_config(self) -> Dict[str, Any]:
            return {}

    class CausalAttention(classes.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.heads = classes.MultiHeadAttention(
                layer.heads,
                shape[-1] // layer.heads,
                dropout=layer.dropout,
                use_bias=False,
                kernel_initializer=Kernels(),
            )

        def call(self, x: Any) -> Any:
            return self.heads(x, x, use_causal_mask=True)

    return CausalAttention()


def as_stated(layer: Layer, arrays: Sequence[Any]) -> Sequence[Any]:
    """A layer's weights as it states them: Keras has four kernels of :func:`attention`."""
    if not isinstance(layer, Attention):
        return arrays
    import numpy as np

    *mixing, projection = arrays
    units = projection.shape[-1]
    parts = [kernel.reshape(units, units) for kernel in mixing]
    return np.concatenate(parts, axis=1), projection.reshape(units, units)


@translated.register
def _positions(layer: Positions, building: Building, options: Options) -> Any:
    del layer
    return positions(building.classes, options["positions_initializer"])


@translated.register
def _layer_norm(layer: LayerNorm, building: Building, options: Options) -> Any:
    return building.classes.LayerNormalization(epsilon=layer.epsilon, center=False, **options)


@translated.register
def _gelu(layer: Gelu, building: Building, options: Options) -> Any:
    del layer, options
    return gelu(building.keras, building.classes)


@translated.register
def _attention(layer: Attention, building: Building, options: Options) -> Any:
    del options  # one for all kernels is all that Keras takes
    return attention(layer, building.keras, building.classes)
