"""What a layer is: a statement without any framework, and all that follows from it.

A new kind of layer is one class here and one function in each family of backends.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Iterator, List, Literal, Sequence, Tuple, Union

Shape = Tuple[int, ...]
"""Of one sample: pictures are (height, width, channels), flat samples (values,), texts (time,) and,
once each of their words has values, (time, units)."""


@dataclass(frozen=True)
class Normal:
    """Draws from the normal distribution with mean 0 and this standard deviation."""

    deviation: float


Initialiser = Union[
    Literal["forget_ones", "glorot_uniform", "ones", "orthogonal", "random_uniform", "zeros"],
    Normal,
]
"""``glorot_uniform`` draws from ± sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010, eq. 16).

Of a shape (..., inputs, outputs) the fans are inputs and outputs, each times all axes before.
``random_uniform`` draws from ± :data:`UNIFORM_EDGE`. ``orthogonal`` draws a matrix whose rows are
orthogonal and of length 1 (Saxe and others, 2014). ``forget_ones``: of four equal parts the second
is 1, the others are 0.
"""

UNIFORM_EDGE = 0.05
"""Keras' own."""


@dataclass(frozen=True)
class Weight:
    """One array of a layer, in the reference's order of axes, and how it starts.

    What is not ``trained`` are statistics: training leaves them, but no gradient reaches them.
    """

    name: str
    shape: Shape
    initialiser: Initialiser
    trained: bool = True

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Layer(ABC):
    """One step of a network. Subclasses are frozen dataclasses that state every convention.

    ``takes_ids``: what comes in are integers from 0, not float32.
    """

    takes_ids: ClassVar[bool] = False

    @abstractmethod
    def after(self, inputs: Shape) -> Shape:
        """The shape of what comes out.

        Raises:
            ValueError: the layer cannot take ``inputs``.
        """

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        """What it keeps, in the order in which :meth:`forward` takes it."""
        del inputs
        return ()

    def leaves(self, inputs: Shape) -> Iterator[Tuple[Layer, Shape]]:
        """The layers that it is made of, each with what goes into it, in the order of the weights.

        Of all but those that hold others it is the layer itself.
        """
        yield self, inputs

    def without_chance(self) -> Layer:
        """Itself with nothing left out by chance while it is trained."""
        return self

    def changed(self, change: Callable[[Layer], Layer]) -> Layer:
        """The layer with ``change`` made of each of its leaves."""
        return change(self)

    def operations(self, inputs: Shape) -> int:
        """Floating-point operations of one sample's forward pass.

        A multiplication and an addition count as two; biases, activations and pools are left out,
        as is usual.
        """
        del inputs
        return 0

    @abstractmethod
    def forward(self, x: Any, *arrays: Any) -> Any:
        """In NumPy, as a network is used (nothing is dropped).

        Args:
            x: (n, *inputs), float, or ids where the layer takes them. It is never written to.
            arrays: one for each of :meth:`weights`.
        """


def along(layers: Sequence[Layer], inputs: Shape) -> Iterator[Tuple[Layer, Shape]]:
    """Layers one after the other, each with the shape that goes into it.

    Raises:
        ValueError: the layers do not fit together.
    """
    for layer in layers:
        yield layer, inputs
        inputs = layer.after(inputs)


def leaves(layers: Sequence[Layer], inputs: Shape) -> Iterator[Tuple[Layer, Shape]]:
    """The leaves of layers one after the other, as :meth:`Layer.leaves` has them."""
    for layer, shape in along(layers, inputs):
        yield from layer.leaves(shape)


def shared_out(
    pairs: Iterator[Tuple[Layer, Shape]], arrays: Sequence[Any]
) -> List[Tuple[Layer, Tuple[Any, ...]]]:
    """Each layer with those of ``arrays`` that are its own.

    Raises:
        ValueError: there are more or fewer arrays than the layers have weights.
    """
    counts = [(layer, len(layer.weights(inputs))) for layer, inputs in pairs]
    due = sum(count for _, count in counts)
    if due != len(arrays):
        raise ValueError(f"{len(arrays)} weights for a network that has {due}")
    given = iter(arrays)
    return [(layer, tuple(next(given) for _ in range(count))) for layer, count in counts]
