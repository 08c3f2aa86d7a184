"""A network as Keras 3 trains it: what differs from Keras 2."""

from __future__ import annotations

from typing import Any

from runner.backends.base import Facts
from runner.backends.keras import keras_optimizers
from runner.backends.keras.keras_trainer import KerasTrainer


class Keras3Trainer(KerasTrainer):
    """The half of it that is the same on TensorFlow, JAX and PyTorch."""

    def optimizer(self) -> Any:
        """That of the recipe."""
        return keras_optimizers.of_keras3(self._workload.recipe.optimizer, self.keras)

    def _iterations(self) -> int:
        return int(self.keras.ops.convert_to_numpy(self._model.optimizer.iterations))

    def facts(self) -> Facts:
        """What Keras itself says of the compiled model."""
        return {
            "layout": str(self.keras.config.image_data_format()),
            "jit_compile": bool(self._model.jit_compile),
            "steps_per_execution": int(self._model.steps_per_execution),
        }
