"""What Keras 3 drops on PyTorch: by which random numbers, in each rank others."""

from __future__ import annotations

from typing import Any

_STATE = "seed_generator_state"
_APART = 2**24
"""Between the seeds of two ranks: a layer adds its number of calls to its own."""


def apart(torch: Any, model: Any, seed: int, rank: int) -> None:
    """From now on this rank draws what no other does; weights stay as they are.

    Keras 3.15's layers draw by PyTorch's own generator, those of earlier releases by a seed that
    each of them keeps.
    """
    torch.manual_seed(seed + rank)
    for variable in model.variables:
        if variable.name == _STATE:
            first, calls = variable.value.tolist()
            variable.assign([first + rank * _APART, calls])
