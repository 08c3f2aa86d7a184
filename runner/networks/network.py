"""A network, stated once, without any framework.

Every backend translates it; the parameter count that the harness expects is computed from it, so a
backend that trained another network is found out.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Callable, List, Sequence, Tuple

from runner.networks.layers.activations import refuse_softmax
from runner.networks.layers.layer import Layer, Shape, Weight, along, leaves, shared_out
from runner.networks.layers.normalised import BatchNorm
from runner.networks.layers.pictures import Conv, DepthwiseConv
from runner.networks.layers.sequences import Conv1D


@dataclass(frozen=True)
class Network:
    """Layers one after the other; pictures come in as (height, width, channels).

    Texts come in as (time,): the ids of their words.
    """

    input_shape: Shape
    layers: Tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Check what the layers cannot see of each other.

        Raises:
            ValueError: a softmax before the last layer, where tools have none in their loss.
        """
        refuse_softmax(self.layers[:-1])

    def shapes(self) -> List[Shape]:
        """What goes into each layer, and what comes out of the last: one more than layers.

        Raises:
            ValueError: the layers do not fit together.
        """
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.after(shapes[-1]))
        return shapes

    def leaves(self) -> List[Tuple[Layer, Shape]]:
        """The layers that hold no others, each with what goes into it, in the order of weights.

        Raises:
            ValueError: the layers do not fit together.
        """
        return list(leaves(self.layers, self.input_shape))

    @property
    def convolves(self) -> bool:
        """Whether a convolution is among the layers, of pictures or over time."""
        kinds = (Conv, Conv1D, DepthwiseConv)
        return any(isinstance(layer, kinds) for layer, _ in self.leaves())

    def changed(self, change: Callable[[Layer], Layer]) -> Network:
        """The network with ``change`` made of each of its leaves."""
        layers = tuple(layer.changed(change) for layer in self.layers)
        return dataclasses.replace(self, layers=layers)

    @property
    def input_type(self) -> str:
        """The type of what comes in, by its name in NumPy."""
        return "int32" if self.layers[0].takes_ids else "float32"

    def weights(self) -> List[Weight]:
        """All that is trained, and statistics, layer by layer.

        Raises:
            ValueError: the layers do not fit together.
        """
        return [weight for layer, inputs in self.leaves() for weight in layer.weights(inputs)]

    def trained(self, arrays: Sequence[Any]) -> List[Any]:
        """Those of ``arrays`` (one for each of ``weights()``) that are no statistics."""
        return [array for weight, array in zip(self.weights(), arrays) if weight.trained]

    def told_by_gradients(self) -> List[bool]:
        """Of each of ``weights()``, whether it moves by its gradient alone.

        Not so statistics; nor biases that a normalisation right after takes out again: what they
        get is the rounding of a sum that is 0.
        """
        leaves = [layer for layer, _ in self.leaves()]
        told = []
        for (layer, inputs), after in zip(self.leaves(), (*leaves[1:], None)):
            plain = getattr(layer, "activation", None) == "linear"
            lost = plain and isinstance(after, BatchNorm)
            told += [
                weight.trained and not (lost and weight.name == "bias")
                for weight in layer.weights(inputs)
            ]
        return told

    def keeps_statistics(self) -> bool:
        """Whether a layer keeps what no gradient moves."""
        return not all(weight.trained for weight in self.weights())

    def parameters(self) -> int:
        """Number of trained values.

        Raises:
            ValueError: the layers do not fit together.
        """
        return sum(weight.size for weight in self.weights() if weight.trained)

    def numbers(self) -> int:
        """Number of all values that the layers keep, statistics too."""
        return sum(weight.size for weight in self.weights())

    def operations(self) -> int:
        """Floating-point operations of one sample's forward pass (see ``Layer.operations``).

        Forward and backward together take about three times as many.
        """
        return sum(layer.operations(inputs) for layer, inputs in self.leaves())

    def drops(self) -> bool:
        """Whether something of it is left out by chance while it is trained."""
        return self != self.without_chance()

    def without_chance(self) -> Network:
        """The network with nothing left out by chance."""
        return self.changed(lambda layer: layer.without_chance())

    def grouped(self, arrays: Sequence[Any]) -> List[Tuple[Layer, Tuple[Any, ...]]]:
        """Each layer with those of ``arrays`` (one for each of ``weights()``) that are its own.

        Raises:
            ValueError: there are more or fewer.
        """
        return shared_out(along(self.layers, self.input_shape), arrays)

    def by_leaf(self, arrays: Sequence[Any]) -> List[Tuple[Layer, Tuple[Any, ...]]]:
        """Each leaf with those of ``arrays`` that are its own, as :meth:`grouped`."""
        return shared_out(iter(self.leaves()), arrays)
