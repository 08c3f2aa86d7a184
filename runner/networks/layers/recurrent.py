"""Layers that go through a sequence step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, NamedTuple, Tuple

from runner.networks.layers.layer import Layer, Shape, Weight

GATES = 4
"""In the order of the kernels' columns: input, forget, candidate, output (Keras' and cuDNN's)."""


class Step(NamedTuple):
    """One step of an LSTM: its gates, activated, (n, 4, units); cell and output after it."""

    gates: Any
    cell: Any
    output: Any


@dataclass(frozen=True)
class LSTM(Layer):
    """Long short-term memory (Hochreiter, 1997; with Gers' forget gate, 2000): its last output.

    c = f c + i g and h = o tanh(c) from 0; i, f, o = sigmoid and g = tanh of x @ kernel + h @
    recurrent + bias. There is one bias: tools that add two keep the second at 0. Kernel (inputs,
    4 units) starts by Glorot as one matrix, recurrent (units, 4 units) orthogonal (Saxe, 2014),
    the bias at 0, and at 1 for the forget gate (Jozefowicz, 2015). No masking, no peepholes, no
    dropout.
    """

    units: int

    def after(self, inputs: Shape) -> Shape:
        if len(inputs) != 2:
            raise ValueError(f"{self} needs steps of values, (time, units): not {inputs}")
        return (self.units,)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        wide = GATES * self.units
        return (
            Weight("kernel", (inputs[-1], wide), "glorot_uniform"),
            Weight("recurrent", (self.units, wide), "orthogonal"),
            Weight("bias", (wide,), "forget_ones"),
        )

    def operations(self, inputs: Shape) -> int:
        time, values = inputs
        return 2 * time * (values + self.units) * GATES * self.units

    def forward(self, x: Any, *arrays: Any) -> Any:
        for step in self.steps(x, *arrays):
            last = step
        return last.output

    def steps(self, x: Any, *arrays: Any) -> Iterator[Step]:
        """One after the other; arguments as :meth:`forward`."""
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        kernel, recurrent, bias = arrays
        count, time, values = x.shape
        given = (x.reshape(-1, values) @ kernel + bias).reshape(count, time, -1)
        cell = output = np.zeros((count, self.units), given.dtype)
        for number in range(time):
            now = (given[:, number] + output @ recurrent).reshape(count, GATES, self.units)
            candidate = np.tanh(now[:, 2])
            now = _sigmoid(np, now)
            now[:, 2] = candidate
            cell = now[:, 1] * cell + now[:, 0] * candidate
            output = now[:, 3] * np.tanh(cell)
            yield Step(now, cell, output)


def _sigmoid(np: Any, x: Any) -> Any:
    # Of a tanh: exp(-x) of a large negative x would overflow.
    return 0.5 * np.tanh(0.5 * x) + 0.5
