"""How weights follow their gradients: the optimizers that recipes name, with every convention.

A rate or a step's size is one formula that Python, NumPy, JAX, Keras and PyTorch all compute: each
brings its own functions (``Maths``). ``update`` counts updates from 0.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Union

from typing_extensions import Protocol

_STEEP_DECAY = 0.5
_STEEP_UPDATES = 6


class Maths(Protocol):
    """Functions by the names that NumPy, ``jax.numpy`` and ``keras.ops`` have for them."""

    def minimum(self, first: Any, second: Any) -> Any:
        """The smaller of two."""

    def maximum(self, first: Any, second: Any) -> Any:
        """The larger of two."""

    def cos(self, angle: Any) -> Any:
        """Cosine, of radians."""

    def sqrt(self, value: Any) -> Any:
        """Square root."""


class _Plain:
    """Python's own, of numbers."""

    minimum, maximum = staticmethod(min), staticmethod(max)
    cos, sqrt = staticmethod(math.cos), staticmethod(math.sqrt)


PLAIN: Maths = _Plain()


@dataclass(frozen=True)
class SGD:
    """Classical momentum: v = momentum * v - rate * gradient; weight = weight + v.

    The rate of an update is ``learning_rate / (1 + decay * update)``: Keras' ``decay``.
    """

    learning_rate: float
    momentum: float
    decay: float = 0.0

    def rate(self, update: Any, maths: Maths = PLAIN) -> Any:
        """The learning rate of an update."""
        del maths
        return self.learning_rate / (1.0 + self.decay * update)

    def steep(self) -> SGD:
        """With a rate that changes within a few updates: the third is half of the first."""
        return dataclasses.replace(self, decay=_STEEP_DECAY)


@dataclass(frozen=True)
class Moments:
    """What Adam and AdamW share: steps by the moments of the gradient.

    m = beta_1 * m + (1 - beta_1) * gradient; v = beta_2 * v + (1 - beta_2) * gradient ** 2;
    weight = weight - size * m / (sqrt(v) + epsilon). This is the form at the end of section 2 of
    D. Kingma and J. Ba (2015), as Keras and MXNet have it; their Algorithm 1 and PyTorch add an
    epsilon after v was corrected: ``corrected_epsilon``.
    """

    learning_rate: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def rate(self, update: Any, maths: Maths = PLAIN) -> Any:
        """The learning rate of an update: always the same."""
        del update, maths
        return self.learning_rate

    def size(self, update: Any, maths: Maths = PLAIN) -> Any:
        """What m / (sqrt(v) + epsilon) is multiplied with, both corrections in it."""
        times = update + 1
        corrected = maths.sqrt(1.0 - self.beta_2**times) / (1.0 - self.beta_1**times)
        return self.rate(update, maths) * corrected

    def corrected_epsilon(self, update: Any, maths: Maths = PLAIN) -> Any:
        """The epsilon that makes Algorithm 1 the same update."""
        return self.epsilon / maths.sqrt(1.0 - self.beta_2 ** (update + 1))

    def steep(self) -> Moments:
        """Itself, where its rate does not change."""
        return self


@dataclass(frozen=True)
class Adam(Moments):
    """Adam (D. Kingma and J. Ba, 2015) at one rate."""


@dataclass(frozen=True)
class AdamW(Moments):
    """Adam with decoupled weight decay (I. Loshchilov and F. Hutter, 2019), as nanoGPT trains.

    Gradients are scaled down to a norm of ``clip_norm`` over all weights. Before the step of Adam
    ``rate * weight_decay * weight`` is taken from each weight of two and more axes. The rate rises
    over ``warm_up`` updates to ``learning_rate``, then falls with a cosine to ``least_rate`` at
    update ``updates``, and stays there.
    """

    least_rate: float = 0.0
    warm_up: int = 0
    updates: int = 1
    weight_decay: float = 0.0
    clip_norm: float = math.inf

    def rate(self, update: Any, maths: Maths = PLAIN) -> Any:
        """The learning rate of an update (nanoGPT's ``get_lr``)."""
        rise = maths.minimum(1.0, (update + 1) / (self.warm_up + 1))
        way = (update - self.warm_up) / max(1, self.updates - self.warm_up)
        way = maths.minimum(1.0, maths.maximum(0.0, way))
        fall = 0.5 * (1.0 + maths.cos(math.pi * way))
        return rise * (self.least_rate + fall * (self.learning_rate - self.least_rate))

    def steep(self) -> AdamW:
        """With a warm-up of one update, and at its least rate after a few."""
        return dataclasses.replace(self, warm_up=1, updates=_STEEP_UPDATES)


Optimizer = Union[SGD, Moments]
