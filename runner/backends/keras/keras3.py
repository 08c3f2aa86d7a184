"""Keras 3, whatever runs below: how it is configured, imported and seeded."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, List

from runner.backends.keras import keras_optimizers, keras_precision
from runner.backends.keras.keras_backend import KerasBackend
from runner.contract.job import Job


class Keras3(KerasBackend):
    """The half of a Keras 3 backend that is the same on TensorFlow, JAX and PyTorch.

    Subclasses say which one by ``below`` (its name in Keras), and what mode ``tuned`` changes.
    """

    below: str
    optimizers = staticmethod(keras_optimizers.of_keras3)
    tuned = False
    channels_first = False

    def configure(self, job: Job) -> None:
        """The backend of Keras, threads, and a folder for the configuration that Keras writes."""
        self._job = job
        self.tuned = job.settings.mode == "tuned"
        os.environ["KERAS_BACKEND"] = self.below
        # Keras writes a configuration file at import; the user's own must stay untouched.
        os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-")
        if job.threads:
            os.environ["OMP_NUM_THREADS"] = str(job.threads)

    def import_keras(self) -> None:
        """Import Keras on what runs below.

        Raises:
            RuntimeError: Keras took another backend than it was told.
        """
        import keras

        if keras.backend.backend() != self.below:
            raise RuntimeError(f"Keras runs on {keras.backend.backend()}, not on {self.below}")
        keras.config.set_floatx("float32")
        keras_precision.choose(keras, self._job.settings.precision)
        keras.config.set_image_data_format(
            "channels_first" if self.channels_first else "channels_last"
        )
        self.keras = keras

    def seed(self, seed: int) -> None:
        """Python, NumPy, Keras and what runs below."""
        self.keras.utils.set_random_seed(seed)

    def versions(self, *modules: Any) -> Dict[str, str]:
        """Live versions of Keras and ``modules``, by name of the module."""
        import numpy

        live: List[Any] = [self.keras, numpy, *modules]
        return {module.__name__: str(module.__version__) for module in live}
