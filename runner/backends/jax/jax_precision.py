"""Mixed precision in JAX by hand, as its users write it: weights are cast where they are used.

Layers of products cast what they multiply; normalisations, softmax and the loss are in float32. A
loss is scaled for float16 by a number that stays (``jmp.StaticLossScale`` in DeepMind's library).
"""

from __future__ import annotations

from typing import Any, Callable, Tuple

from runner.backends.common.loss_scale import LOSS_SCALE
from runner.contract.precision import MIXED, Precision


class JaxPrecision:
    """In what layers compute, and how gradients are taken."""

    def __init__(self, jax: Any, precision: Precision) -> None:
        self._jax = jax
        self.dtype = getattr(jax.numpy, precision) if precision in MIXED else None
        self._scale = LOSS_SCALE if precision == "float16" else None

    def gradients(self, loss_of: Callable[[Any], Any], weights: Any) -> Tuple[Any, Any]:
        """What ``jax.value_and_grad`` gives of a function that returns the loss and something else.

        Args:
            loss_of: from weights to the loss, in float32, and what comes with it.
            weights: a tree of arrays.
        """
        jax, scale = self._jax, self._scale
        if scale is None:
            return jax.value_and_grad(loss_of, has_aux=True)(weights)  # type: ignore[no-any-return]

        def scaled(values: Any) -> Any:
            loss, others = loss_of(values)
            return loss * scale, (loss, others)

        (_, found), gradients = jax.value_and_grad(scaled, has_aux=True)(weights)
        return found, jax.tree.map(lambda gradient: gradient / scale, gradients)
