"""Steps of flat layers, and of those of any shape."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.networks.gradients.passing import Arrays, Passed, factor_of, passed
from runner.networks.layers import Activate, Dense, Dropout, Flatten
from runner.networks.layers.activations import Activation


def before_activation(activation: Activation, out: Any, error: Any) -> Any:
    """The gradient of what went into an activation, of which ``out`` came.

    That of softmax and cross-entropy together is the loss's; the softmax passes it on as it is.
    """
    return error * (out > 0) if activation == "relu" else error


@passed.register
def _dense(layer: Dense, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        error = before_activation(layer.activation, out, error)
        rows, errors = (part.reshape(-1, part.shape[-1]) for part in (x, error))
        own = [rows.T @ errors, errors.sum(axis=0)]
        return error @ arrays[0].T, own[: len(arrays)]

    return Passed(out, back)


@passed.register
def _activate(layer: Activate, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)
    return Passed(out, lambda error: (before_activation(layer.activation, out, error), []))


@passed.register
def _dropout(layer: Dropout, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del arrays
    factor = factor_of(kept, layer.rate)
    return Passed(x * factor, lambda error: (error * factor, []))


@passed.register
def _flatten(layer: Flatten, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    return Passed(layer.forward(x, *arrays), lambda error: (error.reshape(x.shape), []))
