"""Which products a function of JAX consists of, as it is traced before XLA compiles it.

Shared by ``jax`` and Keras 3 on it. On a CPU without instructions for a format XLA multiplies its
numbers in float32: what is told is the type of the factors.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict, Iterator

_PRODUCTS = ("dot_general", "conv_general_dilated")
_PARTS = ("rnn", "dot_product_attention")
"""Of the names of cuDNN's operations."""


def formats(function: Callable[..., Any], *arguments: Any) -> Dict[str, int]:
    """Products by the type of their factors; nothing is computed."""
    import jax

    traced = jax.make_jaxpr(function)(*arguments)
    return dict(
        Counter(
            " by ".join(sorted({str(factor.aval.dtype) for factor in equation.invars[:2]}))
            for equation in _equations(traced.jaxpr)
            if _is_product(str(equation.primitive))
        )
    )


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
