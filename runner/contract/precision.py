"""In what format a job multiplies: one word for all tools, and what follows from it.

``float32`` is float32 throughout. In ``tf32`` NVIDIA's tensor cores round the factors of float32
products to 10 bits of mantissa. ``bfloat16`` and ``float16`` are mixed precision as each tool
documents it: weights and their updates, losses and softmax in float32, products in the format;
float16 with the loss scaled.
"""

from __future__ import annotations

from typing import Dict, Tuple

from typing_extensions import Literal, get_args

Precision = Literal["float32", "tf32", "bfloat16", "float16"]

PRECISIONS: Tuple[Precision, ...] = get_args(Precision)

MIXED: Tuple[Precision, ...] = ("bfloat16", "float16")
"""Those whose factors are no float32 arrays."""

UNIT_ROUNDOFF: Dict[Precision, float] = {
    "float32": 2.0**-24,
    "tf32": 2.0**-11,
    "bfloat16": 2.0**-8,
    "float16": 2.0**-11,
}
"""The largest relative error of rounding to nearest: half of the distance from 1 to the next number
(23, 10, 7 and 10 bits of mantissa: IEEE 754; NVIDIA's Ampere whitepaper; bfloat16 is the upper half
of a float32)."""


def factors(precision: Precision) -> str:
    """The type of the arrays that are multiplied: TF32 is read from float32 ones."""
    return "float32" if precision == "tf32" else precision
