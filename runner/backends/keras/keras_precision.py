"""Mixed precision as Keras documents it, in Keras 2 on TensorFlow and Keras 3 by the same names.

A policy for all layers, a last softmax in float32, and of float16 an optimizer that scales the loss
("Mixed precision" among TensorFlow's guides).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from runner.backends.common.loss_scale import LOSS_SCALE
from runner.contract.precision import MIXED, Precision
from runner.networks.layers import Activate, Dense, Layer


def choose(keras: Any, precision: Precision) -> None:
    """Set the policy of all layers that are built from now on; float32 is Keras' own."""
    if precision in MIXED:
        keras.mixed_precision.set_global_policy(f"mixed_{precision}")


def _policy(keras: Any) -> str:
    """Keras 2.3 knows no policies."""
    known = getattr(keras, "mixed_precision", None)
    return str(known.global_policy().name) if known else "float32"


def is_mixed(keras: Any) -> bool:
    """Whether layers multiply in another format than their weights have."""
    return _policy(keras).startswith("mixed_")


def without_softmax(layer: Layer) -> Layer:
    """A layer whose softmax comes after it, in float32."""
    if isinstance(layer, (Activate, Dense)) and layer.activation == "softmax":
        return dataclasses.replace(layer, activation="linear")
    return layer


def scaling(keras: Any, optimizer: Any) -> Any:
    """``optimizer``, with the loss scaled where the policy asks for it.

    The scale stays: Keras 2 has a word for that, Keras 3 raises it after so many steps.
    """
    if _policy(keras) != "mixed_float16":
        return optimizer
    wrapper = keras.mixed_precision.LossScaleOptimizer
    if str(getattr(keras, "__version__", "2.")).startswith("2."):  # tensorflow.keras may say none
        return wrapper(optimizer, dynamic=False, initial_scale=LOSS_SCALE)
    return wrapper(optimizer, initial_scale=LOSS_SCALE, dynamic_growth_steps=2**31 - 1)
