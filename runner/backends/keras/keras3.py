"""Keras 3, whatever runs below: its dialect of the layers, the recipe and ``fit``."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, List, Tuple

from runner.backends.keras.keras_model import KerasModel
from runner.contract.job import Job
from runner.workloads.workload import Workload


class Keras3(KerasModel):
    """The half of a Keras 3 backend that is the same on TensorFlow, JAX and PyTorch.

    Subclasses say which one by ``below`` (its name in Keras), and what mode ``tuned`` changes.
    """

    below: str
    tuned = False

    def configure(self, job: Job) -> None:
        """The backend of Keras, threads, and a folder for the configuration that Keras writes."""
        self.tuned = job.settings.mode == "tuned"
        os.environ["KERAS_BACKEND"] = self.below
        # Keras writes a configuration file at import; the user's own must stay untouched.
        os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-")
        if job.threads:
            os.environ["OMP_NUM_THREADS"] = str(job.threads)

    def import_keras(self, job: Job) -> None:
        """Import Keras on what runs below.

        Raises:
            RuntimeError: Keras took another backend than it was told.
        """
        import keras

        if keras.backend.backend() != self.below:
            raise RuntimeError(f"Keras runs on {keras.backend.backend()}, not on {self.below}")
        keras.config.set_floatx(job.settings.precision)
        keras.config.set_image_data_format(
            "channels_first" if self.channels_first else "channels_last"
        )
        self.keras = keras

    def seed(self, seed: int) -> None:
        """Python, NumPy, Keras and what runs below."""
        self.keras.utils.set_random_seed(seed)

    def optimizer(self, workload: Workload) -> Any:
        """SGD of the recipe; its decay per update is a schedule since Keras 3 has no ``decay``."""
        recipe = workload.recipe
        schedules = self.keras.optimizers.schedules
        rate = schedules.InverseTimeDecay(
            recipe.learning_rate, decay_steps=1, decay_rate=recipe.decay
        )
        return self.keras.optimizers.SGD(learning_rate=rate, momentum=recipe.momentum)

    def new_model(self, shape: Tuple[int, ...]) -> Tuple[Any, Dict[str, Any]]:
        """Keras 3 states the shape as a layer of its own."""
        return self.keras.Sequential([self.keras.Input(shape)]), {}

    def _iterations(self) -> int:
        return int(self.keras.ops.convert_to_numpy(self._model.optimizer.iterations))

    def facts(self) -> Dict[str, Any]:
        """What Keras itself says of the compiled model."""
        return {
            "layout": str(self.keras.config.image_data_format()),
            "jit_compile": bool(self._model.jit_compile),
            "steps_per_execution": int(self._model.steps_per_execution),
        }

    def versions(self, *modules: Any) -> Dict[str, str]:
        """Live versions of Keras and ``modules``, by name of the module."""
        import numpy

        live: List[Any] = [self.keras, numpy, *modules]
        return {module.__name__: str(module.__version__) for module in live}
