"""Layers of Keras 3 as PyTorch's compiler can follow them: the same operations, no other Python.

What it cannot follow it leaves to Python, and with it the loop over all layers after it: each is
then compiled by itself, up to a limit of eight, and the rest is not
(docs.pytorch.org, "Graph breaks" and ``torch._dynamo.config.recompile_limit``).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def traceable(torch: Any, layers: Any) -> Any:
    """``keras.layers``, three of which have other Python around the same call of PyTorch."""

    class BatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
        _reduction_axes: Any  # of Keras itself, which makes it when it builds

        def build(self, input_shape: Any) -> None:
            """Keras' list of axes is a class of its own, which no argument of PyTorch may be."""
            super().build(input_shape)
            self._reduction_axes = tuple(self._reduction_axes)

    class GlobalMaxPooling1D(layers.GlobalMaxPooling1D):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            """Keras' own asks whether ``values``, a method of what it found, is a tensor."""
            steps = 1 if self.data_format == "channels_last" else 2
            return torch.amax(inputs, dim=steps, keepdim=self.keepdims)

    class ZeroPadding2D(layers.ZeroPadding2D):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            """Keras' own gives each padding a name, counted in a table of the whole process."""
            (top, bottom), (left, right) = self.padding
            channels = () if self.data_format == "channels_first" else (0, 0)
            return torch.nn.functional.pad(inputs, (*channels, left, right, top, bottom))

    own = (BatchNormalization, GlobalMaxPooling1D, ZeroPadding2D)
    return SimpleNamespace(**{**vars(layers), **{each.__name__: each for each in own}})
