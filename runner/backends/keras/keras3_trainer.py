"""A network as Keras 3 trains it: what differs from Keras 2."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from runner.backends.base import Facts
from runner.backends.keras.keras_trainer import KerasTrainer


class Keras3Trainer(KerasTrainer):
    """The half of it that is the same on TensorFlow, JAX and PyTorch."""

    def new_model(self, shape: Tuple[int, ...]) -> Tuple[Any, Dict[str, Any]]:
        """Keras 3 states the shape as a layer of its own."""
        return self.keras.Sequential([self.keras.Input(shape)]), {}

    def optimizer(self) -> Any:
        """SGD of the recipe; its decay per update is a schedule since Keras 3 has no ``decay``."""
        recipe = self._workload.recipe
        schedules = self.keras.optimizers.schedules
        rate = schedules.InverseTimeDecay(
            recipe.learning_rate, decay_steps=1, decay_rate=recipe.decay
        )
        return self.keras.optimizers.SGD(learning_rate=rate, momentum=recipe.momentum)

    def _iterations(self) -> int:
        return int(self.keras.ops.convert_to_numpy(self._model.optimizer.iterations))

    def facts(self) -> Facts:
        """What Keras itself says of the compiled model."""
        return {
            "layout": str(self.keras.config.image_data_format()),
            "jit_compile": bool(self._model.jit_compile),
            "steps_per_execution": int(self._model.steps_per_execution),
        }
