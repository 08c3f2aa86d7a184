"""Backend ``keras3-tf``: Keras 3 on TensorFlow."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from runner.backends.keras.keras3 import Keras3
from runner.backends.tensorflow import tf_gpu
from runner.contract.job import Job


class Keras3OnTensorFlow(Keras3):
    """Channels last: the default of both.

    Mode ``tuned`` runs many steps in one call of the compiled function. XLA is on for a GPU and off
    for a CPU, where it is several times slower: in both modes, since it is Keras' own choice.
    """

    below = "tensorflow"

    def configure(self, job: Job) -> None:
        """Keras, and what TensorFlow reads at import."""
        super().configure(job)
        tf_gpu.configure(job)

    def start(self, job: Job) -> None:
        """Import TensorFlow, then Keras on it."""
        import tensorflow

        self._tf = tensorflow
        tf_gpu.start(tensorflow, job)
        self.import_keras(job)

    def compile_options(self) -> Dict[str, Any]:
        """Mode ``tuned``: many steps in one call."""
        return {"steps_per_execution": tf_gpu.STEPS_PER_CALL} if self.tuned else {}

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of a trained weight, live versions, and what both say of themselves."""
        device = str(self._model.trainable_variables[0].value.device)
        facts = {"weights_on": device, **self.facts(), **tf_gpu.facts(self._tf)}
        return ("gpu" if "GPU" in device else "cpu"), self.versions(self._tf), facts


def create() -> Keras3OnTensorFlow:
    """The backend that the trainer drives."""
    return Keras3OnTensorFlow()
