"""Q-learning with Keras 3: what differs from Keras 2."""

from __future__ import annotations

from typing import Any, Callable, Tuple

from runner.backends.base import Facts
from runner.backends.keras import keras_optimizers
from runner.backends.keras.keras_agent import KerasAgent
from runner.workloads.game_workload import GameWorkload


class Keras3Agent(KerasAgent):
    """The half of it that is the same on TensorFlow, JAX and PyTorch.

    ``place`` gives, of a variable's own value, the kind of device and its name.
    """

    def __init__(
        self,
        keras: Any,
        workload: GameWorkload,
        place: Callable[[Any], Tuple[str, str]],
        channels_first: bool = False,
        classes: Any = None,
    ) -> None:
        self._place, self._classes = place, classes
        optimizer = keras_optimizers.of_keras3(workload.recipe.optimizer, keras)
        super().__init__(keras, workload, optimizer, channels_first, classes)

    def total(self, values: Any) -> Any:
        """The sum over the last axis, which stays: (n, 1)."""
        return self.keras.ops.sum(values, axis=-1, keepdims=True)

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """As in Keras 2; the loss that Keras 3 returns is a mean since it was reset."""
        self.learner.reset_metrics()
        return super().learn(states, actions, targets)

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight, and what Keras itself says of the compiled model."""
        device, name = self._place(self.learner.trainable_variables[0].value)
        facts = {
            "weights_on": name,
            "layout": str(self.keras.config.image_data_format()),
            "jit_compile": bool(self.learner.jit_compile),
            "convolutions_as_products": self._classes is not None,
        }
        return device, facts
