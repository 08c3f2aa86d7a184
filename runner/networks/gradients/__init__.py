"""Ways forward and back of each layer while it is trained, in NumPy and double precision."""

from runner.networks.gradients import (
    attention_steps,
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
    "attention_steps",
    "dense_steps",
    "normalised_steps",
    "passed",
    "picture_steps",
    "recurrent_steps",
    "residual_steps",
    "text_steps",
]
