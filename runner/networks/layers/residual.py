"""Layers beside layers: what goes in is added to what comes out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Sequence, Tuple

from runner.networks.layers.activations import Activation, activated, refuse_softmax
from runner.networks.layers.layer import Layer, Shape, Weight, along, leaves, shared_out

Pairs = List[Tuple[Layer, Tuple[Any, ...]]]


@dataclass(frozen=True)
class Residual(Layer):
    """``activation(body(x) + shortcut(x))``; without layers the shortcut is ``x`` itself.

    The weights are those of the body, then those of the shortcut.
    """

    body: Tuple[Layer, ...]
    shortcut: Tuple[Layer, ...] = ()
    activation: Activation = "linear"

    def __post_init__(self) -> None:
        """Check what the layers cannot see of each other.

        Raises:
            ValueError: a softmax, which is for the last layer of a network.
        """
        refuse_softmax((*self.body, *self.shortcut, self))

    def after(self, inputs: Shape) -> Shape:
        ends = [_end(layers, inputs) for layers in (self.body, self.shortcut)]
        if ends[0] != ends[1]:
            raise ValueError(f"{ends[0]} and {ends[1]} cannot be added: {self}")
        return ends[0]

    def weights(self, inputs: Shape) -> Tuple[Weight, ...]:
        return tuple(
            weight for layer, shape in self.leaves(inputs) for weight in layer.weights(shape)
        )

    def leaves(self, inputs: Shape) -> Iterator[Tuple[Layer, Shape]]:
        """Those of the body, then those of the shortcut."""
        yield from leaves(self.body, inputs)
        yield from leaves(self.shortcut, inputs)

    def changed(self, change: Callable[[Layer], Layer]) -> Layer:
        """As every layer."""
        return dataclasses.replace(
            self,
            body=tuple(layer.changed(change) for layer in self.body),
            shortcut=tuple(layer.changed(change) for layer in self.shortcut),
        )

    def operations(self, inputs: Shape) -> int:
        return sum(layer.operations(shape) for layer, shape in self.leaves(inputs))

    def sides(self, inputs: Shape, arrays: Sequence[Any]) -> Tuple[Pairs, Pairs]:
        """The layers of the body and those of the shortcut, each with its own of ``arrays``.

        Args:
            inputs: the shape of what goes in.
            arrays: one for each of :meth:`weights`.
        """
        own = sum(len(layer.weights(shape)) for layer, shape in along(self.body, inputs))
        return (
            shared_out(along(self.body, inputs), arrays[:own]),
            shared_out(along(self.shortcut, inputs), arrays[own:]),
        )

    def forward(self, x: Any, *arrays: Any) -> Any:
        ends = []
        for pairs in self.sides(x.shape[1:], arrays):
            out = x
            for layer, own in pairs:
                out = layer.forward(out, *own)
            ends.append(out)
        return activated(ends[0] + ends[1], self.activation)


def _end(layers: Sequence[Layer], inputs: Shape) -> Shape:
    for layer, shape in along(layers, inputs):
        inputs = layer.after(shape)
    return inputs
