"""The step of layers beside layers."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.networks.gradients.dense_steps import before_activation
from runner.networks.gradients.passing import Arrays, Passed, passed, through
from runner.networks.layers import Residual
from runner.networks.layers.activations import activated


@passed.register
def _residual(layer: Residual, x: Any, arrays: Arrays, kept: Any) -> Passed:
    body, shortcut = (through(pairs, x, kept) for pairs in layer.sides(x.shape[1:], arrays))
    out = activated(body.out + shortcut.out, layer.activation)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        error = before_activation(layer.activation, out, error)
        (first, own), (second, beside) = body.back(error), shortcut.back(error)
        return first + second, own + beside

    return Passed(out, back)
