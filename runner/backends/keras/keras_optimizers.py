"""The optimizers of recipes by Keras' names: Keras 2 here, and what differs in Keras 3."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Dict

from runner.backends.common.translation import UntranslatedError
from runner.networks.optimizers import SGD, Adam, AdamW, Maths, Moments, Optimizer


@singledispatch
def of_keras2(optimizer: Optimizer, optimizers: Any) -> Any:
    """An optimizer of Keras 2; ``optimizers`` is ``keras.optimizers`` or a part of it."""
    del optimizers
    raise UntranslatedError("Keras 2", optimizer)


@of_keras2.register
def _sgd(optimizer: SGD, optimizers: Any) -> Any:
    # Keras' own ``decay`` is per update, as the recipe states it.
    return optimizers.SGD(
        learning_rate=optimizer.learning_rate, momentum=optimizer.momentum, decay=optimizer.decay
    )


@of_keras2.register
def _adam(optimizer: Adam, optimizers: Any) -> Any:
    return optimizers.Adam(learning_rate=optimizer.learning_rate, **_moments(optimizer))


@singledispatch
def of_tensorflow(optimizer: Optimizer, keras: Any) -> Any:
    """An optimizer of Keras 2 as TensorFlow 2.11 and later have it."""
    del keras
    raise UntranslatedError("Keras 2", optimizer)


@of_tensorflow.register
def _sgd_tf(optimizer: SGD, keras: Any) -> Any:
    # ``decay`` moved to the ``legacy`` optimizers; the formula is the same.
    return of_keras2(optimizer, keras.optimizers.legacy)


@of_tensorflow.register
def _adam_tf(optimizer: Adam, keras: Any) -> Any:
    return of_keras2(optimizer, keras.optimizers)


@of_tensorflow.register
def _adam_w_tf(optimizer: AdamW, keras: Any) -> Any:
    from tensorflow import convert_to_tensor

    class AdamW(keras.optimizers.Adam):  # type: ignore[misc]
        def _clip_gradients(self, grads: Any) -> Any:
            # The norm of a sparse gradient, an embedding's, counts a row's parts one by one.
            return super()._clip_gradients([convert_to_tensor(gradient) for gradient in grads])

    rate = _schedule(optimizer, keras, keras.backend.cast, keras.backend)
    return AdamW(
        learning_rate=rate,
        weight_decay=optimizer.weight_decay,
        global_clipnorm=optimizer.clip_norm,
        **_moments(optimizer),
    )


@singledispatch
def of_keras3(optimizer: Optimizer, keras: Any) -> Any:
    """An optimizer of Keras 3."""
    del keras
    raise UntranslatedError("Keras 3", optimizer)


@of_keras3.register
def _sgd3(optimizer: SGD, keras: Any) -> Any:
    # The decay per update is a schedule since Keras 3 has no ``decay``.
    rate = keras.optimizers.schedules.InverseTimeDecay(
        optimizer.learning_rate, decay_steps=1, decay_rate=optimizer.decay
    )
    return keras.optimizers.SGD(learning_rate=rate, momentum=optimizer.momentum)


@of_keras3.register
def _adam3(optimizer: Adam, keras: Any) -> Any:
    return keras.optimizers.Adam(learning_rate=optimizer.learning_rate, **_moments(optimizer))


@of_keras3.register
def _adam_w3(optimizer: AdamW, keras: Any) -> Any:
    # Whoever builds the model says which weights do not decay (``exclude_from_weight_decay``).
    return keras.optimizers.AdamW(
        learning_rate=_schedule(optimizer, keras, keras.ops.cast, keras.ops),
        weight_decay=optimizer.weight_decay,
        global_clipnorm=optimizer.clip_norm,
        **_moments(optimizer),
    )


def _moments(optimizer: Moments) -> Dict[str, float]:
    """What the steps by moments take, by Keras' names."""
    return {
        "beta_1": optimizer.beta_1,
        "beta_2": optimizer.beta_2,
        "epsilon": optimizer.epsilon,
    }


def _schedule(optimizer: AdamW, keras: Any, cast: Any, maths: Maths) -> Any:
    """The recipe's own formula: Keras' ``CosineDecay`` counts its warm-up another way."""

    class Rate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            return optimizer.rate(cast(step, "float32"), maths)

    return Rate()
