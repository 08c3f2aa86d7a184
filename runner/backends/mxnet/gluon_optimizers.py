"""The optimizers of recipes by MXNet's names."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from runner.backends.common.translation import UntranslatedError
from runner.networks.optimizers import SGD, Adam, Optimizer


@singledispatch
def translated(optimizer: Optimizer, mx: Any) -> Any:
    """An optimizer of ``mxnet.optimizer``."""
    del mx
    raise UntranslatedError("Gluon", optimizer)


@translated.register
def _sgd(optimizer: SGD, mx: Any) -> Any:
    # MXNet's momentum is Keras'; the learning rate falls by a scheduler.
    class Decay(mx.lr_scheduler.LRScheduler):  # type: ignore[misc]
        def __call__(self, num_update: int) -> float:  # MXNet counts updates from 1
            return float(optimizer.rate(num_update - 1))

    return mx.optimizer.SGD(
        learning_rate=optimizer.learning_rate,
        momentum=optimizer.momentum,
        lr_scheduler=Decay(base_lr=optimizer.learning_rate),
    )


@translated.register
def _adam(optimizer: Adam, mx: Any) -> Any:
    return mx.optimizer.Adam(
        learning_rate=optimizer.learning_rate,
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
    )
