"""Ways forward and back of each layer while it is trained, in NumPy and double precision."""

from runner.networks.gradients import (
    dense_steps,
    normalised_steps,
    picture_steps,
    recurrent_steps,
    residual_steps,
    text_steps,
)
from runner.networks.gradients.passing import Passed, passed

__all__ = [
    "Passed",
    "dense_steps",
    "normalised_steps",
    "passed",
    "picture_steps",
    "recurrent_steps",
    "residual_steps",
    "text_steps",
]
