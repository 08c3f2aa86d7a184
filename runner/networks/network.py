"""A network, stated once, without any framework.

Every backend translates it; the parameter count that the harness expects is computed from it, so a
backend that trained another network is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple

from runner.networks.layers.dense import Dropout
from runner.networks.layers.layer import Layer, Shape, Weight


@dataclass(frozen=True)
class Network:
    """Layers one after the other; pictures come in as (height, width, channels)."""

    input_shape: Shape
    layers: Tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Check what the layers cannot see of each other.

        Raises:
            ValueError: a softmax before the last layer, where tools have none in their loss.
        """
        for layer in self.layers[:-1]:
            if getattr(layer, "activation", None) == "softmax":
                raise ValueError(f"{layer}: softmax is for the last layer alone")

    def shapes(self) -> List[Shape]:
        """What goes into each layer, and what comes out of the last: one more than layers.

        Raises:
            ValueError: the layers do not fit together.
        """
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.after(shapes[-1]))
        return shapes

    def weights(self) -> List[Weight]:
        """All that is trained, layer by layer.

        Raises:
            ValueError: the layers do not fit together.
        """
        pairs = zip(self.layers, self.shapes())
        return [weight for layer, inputs in pairs for weight in layer.weights(inputs)]

    def parameters(self) -> int:
        """Number of trained values.

        Raises:
            ValueError: the layers do not fit together.
        """
        return sum(weight.size for weight in self.weights())

    def operations(self) -> int:
        """Floating-point operations of one sample's forward pass (see ``Layer.operations``).

        Forward and backward together take about three times as many.
        """
        pairs = zip(self.layers, self.shapes())
        return sum(layer.operations(inputs) for layer, inputs in pairs)

    def drops(self) -> bool:
        """Whether something of it is left out by chance while it is trained."""
        return any(isinstance(layer, Dropout) for layer in self.layers)

    def grouped(self, arrays: Sequence[Any]) -> List[Tuple[Layer, Tuple[Any, ...]]]:
        """Each layer with those of ``arrays`` (one for each of ``weights()``) that are its own.

        Raises:
            ValueError: there are more or fewer.
        """
        counts = [len(layer.weights(inputs)) for layer, inputs in zip(self.layers, self.shapes())]
        if sum(counts) != len(arrays):
            raise ValueError(f"{len(arrays)} weights for a network that has {sum(counts)}")
        given = iter(arrays)
        return [
            (layer, tuple(next(given) for _ in range(count)))
            for layer, count in zip(self.layers, counts)
        ]
