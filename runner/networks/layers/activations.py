"""What layers do to each value, or to the last axis, after their product."""

from __future__ import annotations

from typing import Any, Iterable, Literal

Activation = Literal["linear", "relu", "softmax"]
"""``linear`` leaves values as they are. ``softmax`` is for a network's last layer: tools that have
it in their loss translate it so."""


def activated(x: Any, activation: Activation) -> Any:
    """``x`` after ``activation``, in NumPy; ``x`` itself may be written to."""
    return {"linear": _linear, "relu": _relu, "softmax": _softmax}[activation](x)


def refuse_softmax(layers: Iterable[Any]) -> None:
    """Of layers that are not the last: tools have none before it where it is in their loss.

    Raises:
        ValueError: a layer has a softmax.
    """
    for layer in layers:
        if getattr(layer, "activation", None) == "softmax":
            raise ValueError(f"{layer}: softmax is for the last layer alone")


def _linear(x: Any) -> Any:
    return x


def _relu(x: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

    return np.maximum(x, 0, out=x)


def _softmax(x: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
