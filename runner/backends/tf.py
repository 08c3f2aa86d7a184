"""Backend ``tf``: Keras 2 as TensorFlow ships it (2.11 in the image, the nearest one locally)."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Tuple

from runner.backends import tf_gpu
from runner.backends.keras_model import KerasModel
from runner.contract import Job
from runner.workloads.network import Workload


class TensorFlow(KerasModel):
    """Keras 2 on TensorFlow, channels last: its default layout."""

    _replicas = 1

    def configure(self, job: Job) -> None:
        """Device visibility, memory growth and threads are environment variables."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        if job.device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        if job.settings.memory_pool.mode == "growth":
            os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        if job.threads:
            for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
                os.environ[name] = str(job.threads)

    def start(self, job: Job) -> None:
        """Import TensorFlow; limit memory and set TF32 before the first operation."""
        import tensorflow

        self._tf = tensorflow
        self.keras = tensorflow.keras
        tensorflow.config.experimental.enable_tensor_float_32_execution(job.settings.tf32)
        gpus = tensorflow.config.list_physical_devices("GPU")
        if job.device == "gpu" and not gpus:
            raise RuntimeError(
                "TensorFlow sees no GPU: its CUDA libraries or the driver are missing"
            )
        pool = job.settings.memory_pool
        if pool.mode == "fraction" and pool.fraction is not None:
            for gpu in gpus:
                self._limit(gpu, pool.fraction)
        elif pool.mode == "growth":
            for gpu in gpus:  # as well as the variable: only this can be asked for afterwards
                tensorflow.config.experimental.set_memory_growth(gpu, True)

    def _limit(self, gpu: Any, fraction: float) -> None:
        """TF 2 knows limits in MiB only, so the share is taken of what NVML says is there."""
        import pynvml

        pynvml.nvmlInit()
        index = int(gpu.name.rsplit(":", 1)[1])
        total = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index)).total
        limit = self._tf.config.LogicalDeviceConfiguration(
            memory_limit=int(total * fraction / 2**20)
        )
        self._tf.config.set_logical_device_configuration(gpu, [limit])

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
        build = tensorflow.sysconfig.get_build_info()
        facts = {
            "weights_on": device,
            "layout": "channels_last",
            "replicas": self._replicas,
            "visible_devices": [d.name for d in tensorflow.config.get_visible_devices()],
            "intra_op_threads": tensorflow.config.threading.get_intra_op_parallelism_threads(),
            "xla": bool(tensorflow.config.optimizer.get_jit()),
            "build_cuda": build.get("cuda_version"),
            "build_cudnn": build.get("cudnn_version"),
            **tf_gpu.facts(tensorflow),
        }
        versions = {"tensorflow": tensorflow.__version__}
        for name in ("keras", "tf_keras"):
            if hasattr(sys.modules.get(name), "__version__"):
                versions[name.replace("_", "-")] = sys.modules[name].__version__
        return ("gpu" if "GPU" in device else "cpu"), versions, facts


def create() -> TensorFlow:
    """The backend that train.py drives."""
    return TensorFlow()
