"""Layers of a transformer's decoder: steps of values (time, units) in, as many out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Tuple

from runner.networks.layers.layer import Layer, Normal, Shape, Weight


@dataclass(frozen=True)
class Positions(Layer):
    """Adds a trained row of values to each step: the first row to the first step, and so on."""

    start: Normal

    def after(self, inputs: Shape) -> Shape:
        return _steps(self, inputs)

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return (Weight("positions", inputs, self.start),)

    def forward(self, x: Any, *arrays: Any) -> Any:
        (rows,) = arrays
        return x + rows


@dataclass(frozen=True)
class LayerNorm(Layer):
    """``gamma (x - mean) / sqrt(variance + epsilon)``, mean and variance of each step's own values.

    The variance is the biased one; ``gamma`` starts from 1, and nothing is added (J. L. Ba et al.,
    2016, without the bias).
    """

    epsilon: float = 1e-5

    def after(self, inputs: Shape) -> Shape:
        return inputs

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return (Weight("gamma", inputs[-1:], "ones"),)

    def forward(self, x: Any, *arrays: Any) -> Any:
        (gamma,) = arrays
        return self.normalised(x)[0] * gamma

    def normalised(self, x: Any) -> Tuple[Any, Any]:
        """``x`` of mean 0 and variance 1, and what it was divided by, (..., 1)."""
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = ((centred**2).mean(axis=-1, keepdims=True) + self.epsilon) ** 0.5
        return centred / spread, spread


@dataclass(frozen=True)
class Gelu(Layer):
    """``x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))``: D. Hendrycks and K. Gimpel, 2016.

    This form is GPT-2's, and within 0.0005 of the one with the normal distribution itself.
    """

    SCALE = math.sqrt(2 / math.pi)
    CUBIC = 0.044715

    def after(self, inputs: Shape) -> Shape:
        return inputs

    def forward(self, x: Any, *arrays: Any) -> Any:
        import numpy as np  # noqa: PLC0415 - not before a backend has fixed its threads

        del arrays
        return x * 0.5 * (1 + np.tanh(self.inner(x)))

    def inner(self, x: Any) -> Any:
        """What the hyperbolic tangent is of."""
        return self.SCALE * (x + self.CUBIC * x * x * x)


@dataclass(frozen=True)
class Attention(Layer):
    """Causal self-attention of several heads, and the product that mixes them (Vaswani et al.,
    2017, section 3.2; each step sees itself and those before it).

    The kernel ``mixing`` (units, 3 units) makes queries, keys and values, in this order; each
    head has an equal part of the units of each, one after the other. Scores are divided by the root
    of a head's units. ``projection`` (units, units) mixes what the heads give. There are no biases.
    While training, a share ``dropout`` of the weights that the softmax gives is set to 0, and the
    others are divided by 1 - dropout.
    """

    heads: int
    dropout: float
    start: Normal
    projection_start: Normal

    def without_chance(self) -> Layer:
        """As every layer."""
        return replace(self, dropout=0.0)

    def after(self, inputs: Shape) -> Shape:
        _, units = _steps(self, inputs)
        if units % self.heads:
            raise ValueError(f"{units} units are not to be shared by {self.heads} heads")
        return inputs

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        units = inputs[-1]
        return (
            Weight("mixing", (units, 3 * units), self.start),
            Weight("projection", (units, units), self.projection_start),
        )

    def operations(self, inputs: Shape) -> int:
        """Scores of all pairs of steps count, also of those that are masked (PaLM, appendix B)."""
        time, units = inputs
        return 2 * time * units * 4 * units + 2 * 2 * time * time * units

    def forward(self, x: Any, *arrays: Any) -> Any:
        mixing, projection = arrays
        queries, keys, values = self.split(x @ mixing)
        return self.joined(attended(queries, keys) @ values) @ projection

    def split(self, mixed: Any) -> Tuple[Any, Any, Any]:
        """Queries, keys and values, (n, heads, time, units of a head), from (n, time, 3 units)."""
        count, time, width = mixed.shape
        parts = mixed.reshape(count, time, 3, self.heads, width // 3 // self.heads)
        queries, keys, values = parts.transpose(2, 0, 3, 1, 4)
        return queries, keys, values

    def joined(self, parts: Any) -> Any:
        """(n, time, units), from (n, heads, time, units of a head)."""
        count, _, time, _ = parts.shape
        return parts.transpose(0, 2, 1, 3).reshape(count, time, -1)


def attended(queries: Any, keys: Any) -> Any:
    """How much each step takes of itself and of those before it, (n, heads, time, time)."""
    import numpy as np  # noqa: PLC0415 - as above

    time, units = queries.shape[-2:]
    scores = queries @ keys.swapaxes(-1, -2)
    scores *= scores.dtype.type(1 / math.sqrt(units))
    scores[..., ~np.tri(time, dtype=bool)] = -np.inf
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _steps(layer: Layer, inputs: Shape) -> Shape:
    if len(inputs) != 2:
        raise ValueError(f"{type(layer).__name__} needs steps of values, (time, units): {inputs}")
    return inputs
