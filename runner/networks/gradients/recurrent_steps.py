"""Steps of layers that go through a sequence."""

from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np

from runner.networks.gradients.passing import Arrays, Passed, passed
from runner.networks.layers import LSTM
from runner.networks.layers.recurrent import GATES


@passed.register
def _lstm(layer: LSTM, x: Any, arrays: Arrays, kept: Any) -> Passed:
    del kept
    gates, cells, outputs = (np.stack(part) for part in zip(*layer.steps(x, *arrays)))
    kernel, recurrent, _ = arrays

    def back(error: Any) -> Tuple[Any, List[Any]]:
        """Through time, from the last step to the first (P. Werbos, 1990)."""
        slopes = np.empty((*gates.shape[:2], GATES * layer.units))
        to_cell = np.zeros_like(cells[0])
        for step in reversed(range(len(cells))):
            into, forget, candidate, shown = (gates[step, :, gate] for gate in range(GATES))
            squashed = np.tanh(cells[step])
            to_cell = to_cell + error * shown * (1 - squashed**2)
            before = cells[step - 1] if step else np.zeros_like(to_cell)
            slopes[step] = np.concatenate(
                [
                    to_cell * candidate * into * (1 - into),
                    to_cell * before * forget * (1 - forget),
                    to_cell * into * (1 - candidate**2),
                    error * squashed * shown * (1 - shown),
                ],
                axis=1,
            )
            to_cell = to_cell * forget
            error = slopes[step] @ recurrent.T
        earlier = np.concatenate([np.zeros_like(outputs[:1]), outputs[:-1]])
        own = [
            np.tensordot(x, slopes, axes=([1, 0], [0, 1])),
            np.tensordot(earlier, slopes, axes=([0, 1], [0, 1])),
            slopes.sum(axis=(0, 1)),
        ]
        return (slopes @ kernel.T).swapaxes(0, 1), own

    return Passed(outputs[-1], back)
