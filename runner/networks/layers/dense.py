"""Layers of flat samples, and those of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Tuple

from runner.networks.layers.activations import Activation, activated
from runner.networks.layers.layer import Layer, Shape, Weight


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected: x @ kernel (inputs, units) + bias. Glorot's uniform start, bias from 0."""

    units: int
    activation: Activation

    def after(self, inputs: Shape) -> Shape:
        if len(inputs) != 1:
            raise ValueError("a dense layer needs flat input: put Flatten before it")
        return (self.units,)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return (
            Weight("kernel", (*inputs, self.units), "glorot_uniform"),
            Weight("bias", (self.units,), "zeros"),
        )

    def operations(self, inputs: Shape) -> int:
        return 2 * inputs[-1] * self.units

    def forward(self, x: Any, *arrays: Any) -> Any:
        kernel, bias = arrays
        return activated(x @ kernel + bias, self.activation)


@dataclass(frozen=True)
class Dropout(Layer):
    """While training, sets a share ``rate`` of the values to 0 and divides the others by 1 - rate.

    Values are drawn one by one, anew at each step.
    """

    rate: float

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
