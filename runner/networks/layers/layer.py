"""What a layer is: a statement without any framework, and all that follows from it.

A new kind of layer is one class here and one function in each family of backends.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, Tuple

Shape = Tuple[int, ...]
"""Of one sample: pictures are (height, width, channels), flat samples (values,)."""

Initialiser = Literal["glorot_uniform", "zeros"]
"""``glorot_uniform`` draws from ± sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010, eq. 16).

Of a shape (..., inputs, outputs) the fans are inputs and outputs, each times all axes before.
"""


@dataclass(frozen=True)
class Weight:
    """One trained array of a layer, in the reference's order of axes, and how it starts."""

    name: str
    shape: Shape
    initialiser: Initialiser

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Layer(ABC):
    """One step of a network. Subclasses are frozen dataclasses that state every convention."""

    @abstractmethod
    def after(self, inputs: Shape) -> Shape:
        """The shape of what comes out.

        Raises:
            ValueError: the layer cannot take ``inputs``.
        """

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        """What is trained, in the order in which :meth:`forward` takes it."""
        del inputs
        return ()

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
            x: float (n, *inputs). It is never written to.
            arrays: one for each of :meth:`weights`.
        """
