"""Which products a function of JAX consists of, as it is traced before XLA compiles it.

Shared by ``jax`` and Keras 3 on it. On a CPU without instructions for a format XLA multiplies its
numbers in float32: what is told is the type of the factors. Beside them stands in which format the
gradients of an embedding are added: in bfloat16 a GPU does that by compare-and-swap, which may
take longer than all else (openxla/xla issue 26371).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Sequence

_PRODUCTS = ("dot_general", "conv_general_dilated")
_PARTS = ("rnn", "dot_product_attention")
"""Of the names of cuDNN's operations."""
_ROUNDED = {
    "BF16_BF16_BF16": "bfloat16",
    "BF16_BF16_F32": "bfloat16",
    "F16_F16_F16": "float16",
    "F16_F16_F32": "float16",
}
"""What a product rounds its factors to first, by its algorithm (``jax.lax.DotAlgorithmPreset``):
gradients of ``jax.nn.dot_product_attention`` have one in float32."""


@dataclass(frozen=True)
class Traced:
    """What a function consists of, each by the type of its numbers: ``{"bfloat16": 12}``.

    Attributes:
        products: those of matrices, by their factors.
        scattered: sums into chosen rows of a table, as the gradient of an embedding, by the table.
    """

    products: Dict[str, int]
    scattered: Dict[str, int]


def traced(function: Callable[..., Any], *arguments: Any) -> Traced:
    """What ``function`` consists of; nothing is computed."""
    import jax

    equations = list(_equations(jax.make_jaxpr(function)(*arguments).jaxpr))
    products = Counter(_factors(e) for e in equations if _is_product(str(e.primitive)))
    sums = Counter(_types(e.invars[:1]) for e in equations if str(e.primitive) == "scatter-add")
    return Traced(dict(products), dict(sums))


def _factors(product: Any) -> str:
    """The format in which a product takes its two factors."""
    algorithm = getattr(product.params.get("precision"), "name", "")
    return _ROUNDED.get(algorithm) or _types(product.invars[:2])


def _types(operands: Sequence[Any]) -> str:
    return " by ".join(sorted({str(operand.aval.dtype) for operand in operands}))


def _is_product(name: str) -> bool:
    return name in _PRODUCTS or any(part in name for part in _PARTS)


def _equations(traced: Any) -> Iterator[Any]:
    """Those of a function and of all that it calls."""
    for equation in traced.eqns:
        yield equation
        for value in equation.params.values():
            for found in value if isinstance(value, (list, tuple)) else (value,):
                inner = getattr(found, "jaxpr", found)  # of a closed one
                if hasattr(inner, "eqns"):
                    yield from _equations(inner)
