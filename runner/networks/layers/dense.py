"""Layers of flat samples and of steps, and those of any shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.activations import Activation, activated
from runner.networks.layers.layer import Initialiser, Layer, Shape, Weight


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected: x @ kernel (inputs, units) + bias, which starts from 0.

    Of steps of values (time, inputs) it takes each by itself. The kernel's start is Glorot's if
    nothing else is said.
    """

    units: int
    activation: Activation
    bias: bool = True
    start: Initialiser = "glorot_uniform"

    def after(self, inputs: Shape) -> Shape:
        if len(inputs) not in (1, 2):
            raise ValueError("a dense layer needs flat input, or steps: put Flatten before it")
        return (*inputs[:-1], self.units)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        kernel = Weight("kernel", (inputs[-1], self.units), self.start)
        return (kernel, Weight("bias", (self.units,), "zeros")) if self.bias else (kernel,)

    def operations(self, inputs: Shape) -> int:
        return 2 * math.prod(inputs) * self.units

    def forward(self, x: Any, *arrays: Any) -> Any:
        kernel, *biases = arrays
        out = x @ kernel
        for bias in biases:
            out += bias
        return activated(out, self.activation)


@dataclass(frozen=True)
class Dropout(Layer):
    """While training, sets a share ``rate`` of the values to 0 and divides the others by 1 - rate.

    Values are drawn one by one, anew at each step.
    """

    rate: float

    def without_chance(self) -> Layer:
        """As every layer."""
        return Dropout(0.0)

    def after(self, inputs: Shape) -> Shape:
        return inputs

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return x


@dataclass(frozen=True)
class Activate(Layer):
    """An activation by itself, where something stands between it and the product."""

    activation: Activation

    def after(self, inputs: Shape) -> Shape:
        return inputs

    def forward(self, x: Any, *arrays: Any) -> Any:
        del arrays
        return activated(x.copy(), self.activation)
