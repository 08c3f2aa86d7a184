"""Backend ``tf``: Keras 2 as TensorFlow ships it (2.11 in the image, the nearest one locally)."""

from __future__ import annotations

import sys
from typing import Any, Dict, Tuple

from runner.backends.keras.keras_model import KerasModel
from runner.backends.tensorflow import tf_gpu
from runner.contract.job import Job
from runner.workloads.workload import Workload


class TensorFlow(KerasModel):
    """Keras 2 on TensorFlow, channels last: its default layout.

    Mode ``tuned`` runs many steps in one call of the compiled function, and has XLA compile the
    step on a GPU; on a CPU that is several times slower.
    """

    _replicas = 1
    _tuned: Dict[str, Any] = {}

    def configure(self, job: Job) -> None:
        """Devices, memory and threads: TensorFlow reads them at import."""
        tf_gpu.configure(job)
        if job.settings.mode == "tuned":
            # XLA together with MirroredStrategy is untried here.
            xla = job.device == "gpu" and job.settings.strategy == "default"
            self._tuned = {"steps_per_execution": tf_gpu.STEPS_PER_CALL, "jit_compile": xla}

    def start(self, job: Job) -> None:
        """Import TensorFlow; limit memory and set TF32 before the first operation."""
        import tensorflow

        self._tf = tensorflow
        self.keras = tensorflow.keras
        tf_gpu.start(tensorflow, job)

    def build(self, job: Job, workload: Workload) -> int:
        """As Keras does; with strategy ``mirrored`` a copy of the model on each visible GPU.

        The recipe's batch is then the global one, split over the GPUs: the same work.
        """
        if job.settings.strategy != "mirrored":
            return super().build(job, workload)
        strategy = self._tf.distribute.MirroredStrategy()
        self._replicas = int(strategy.num_replicas_in_sync)
        with strategy.scope():
            return super().build(job, workload)

    def compile_options(self) -> Dict[str, Any]:
        """Arguments of ``model.compile`` in mode ``tuned``."""
        return self._tuned

    def seed(self, seed: int) -> None:
        """Python, NumPy and TensorFlow's own generator."""
        super().seed(seed)
        self._tf.random.set_seed(seed)

    def optimizer(self, workload: Workload) -> Any:
        """``decay`` moved to the ``legacy`` optimisers with Keras 2.11; the formula is the same."""
        recipe = workload.recipe
        return self.keras.optimizers.legacy.SGD(
            learning_rate=recipe.learning_rate, momentum=recipe.momentum, decay=recipe.decay
        )

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of a trained weight, live versions, and what TensorFlow says of itself."""
        tensorflow = self._tf
        device = str(self._model.trainable_weights[0].device)
        facts = {
            "weights_on": device,
            "layout": "channels_last",
            "replicas": self._replicas,
            "xla": bool(tensorflow.config.optimizer.get_jit()),
            "jit_compile": bool(self._tuned.get("jit_compile")),
            "steps_per_execution": int(self._tuned.get("steps_per_execution", 1)),
            **tf_gpu.facts(tensorflow),
        }
        versions = {"tensorflow": tensorflow.__version__}
        for name in ("keras", "tf_keras"):
            if hasattr(sys.modules.get(name), "__version__"):
                versions[name.replace("_", "-")] = sys.modules[name].__version__
        return ("gpu" if "GPU" in device else "cpu"), versions, facts


def create() -> TensorFlow:
    """The backend that the trainer drives."""
    return TensorFlow()
