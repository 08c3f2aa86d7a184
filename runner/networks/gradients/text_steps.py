"""Steps of layers of texts."""

from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np

from runner.networks.gradients.dense_steps import before_activation
from runner.networks.gradients.passing import Arrays, Passed, passed
from runner.networks.layers import Conv1D, Embedding, GlobalMax
from runner.networks.layers.sequences import windows_of


@passed.register
def _embedding(layer: Embedding, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept

    def back(error: Any) -> Tuple[Any, List[Any]]:
        """A row gets the sum of what comes to its word; an id has no gradient."""
        rows = np.zeros_like(arrays[0])
        np.add.at(rows, x, error)
        return np.zeros(x.shape), [rows]

    return Passed(layer.forward(x, *arrays), back)


@passed.register
def _convolution(layer: Conv1D, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    out = layer.forward(x, *arrays)

    def back(error: Any) -> Tuple[Any, List[Any]]:
        error = before_activation(layer.activation, out, error)
        kernel = np.tensordot(windows_of(x, layer.width), error, axes=([0, 1], [0, 1]))
        before, steps = np.zeros_like(x), out.shape[1]
        for first in range(layer.width):
            before[:, first : first + steps] += error @ arrays[0][first].T
        return before, [kernel, error.sum(axis=(0, 1))]

    return Passed(out, back)


@passed.register
def _maximum(layer: GlobalMax, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del arrays, kept

    def back(error: Any) -> Tuple[Any, List[Any]]:
        """To the first of the largest. Equal ones are of the same words."""
        before = np.zeros_like(x)
        samples, units = np.ogrid[: len(x), : x.shape[-1]]
        before[samples, x.argmax(axis=1), units] = error
        return before, []

    return Passed(layer.forward(x), back)
