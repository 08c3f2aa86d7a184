"""Backend ``tf``: Keras 2 as TensorFlow ships it (2.11 in the image, the nearest one locally)."""

from __future__ import annotations

import sys
from typing import Any, Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common.game_trainer import GameTrainer, ToolsAgent
from runner.backends.common.translation import network_of
from runner.backends.keras import keras_optimizers, keras_precision
from runner.backends.keras.agent_by_steps import AgentBySteps
from runner.backends.keras.keras_backend import KerasBackend
from runner.backends.keras.keras_trainer import KerasTrainer
from runner.backends.keras.tf_agent import TensorFlowAgent
from runner.backends.tensorflow import tf_gpu, tf_graphs, tf_ranks
from runner.backends.tensorflow.tf_steps import TensorFlowSteps
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


class TensorFlow(KerasBackend):
    """Keras 2 on TensorFlow, channels last: its default layout.

    Mode ``tuned`` runs many steps in one call of the compiled function, and has XLA compile the
    step on a GPU; on a CPU that is several times slower.
    """

    optimizers = staticmethod(keras_optimizers.of_tensorflow)
    _tuned: Dict[str, Any] = {}

    def configure(self, job: Job) -> None:
        """Devices, memory and threads: TensorFlow reads them at import."""
        self._job = job
        tf_gpu.configure(job)
        if job.settings.mode == "tuned":
            # XLA together with MirroredStrategy is untried here.
            xla = job.device == "gpu" and job.settings.strategy == "default"
            self._tuned = {"steps_per_execution": tf_gpu.STEPS_PER_CALL, "jit_compile": xla}

    def start(self) -> None:
        """Import TensorFlow; limit memory and set TF32 before the first operation."""
        import tensorflow

        self._tf = tensorflow
        self.keras = tensorflow.keras
        tf_gpu.start(tensorflow, self._job)
        keras_precision.choose(self.keras, self._job.settings.precision)

    def seed(self, seed: int) -> None:
        """Python, NumPy and TensorFlow's own generator."""
        super().seed(seed)
        self._tf.random.set_seed(seed)

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """As Keras does; with strategy ``data-parallel`` a copy of the model on each visible GPU.

        The recipe's batch is then the global one, split over the GPUs: the same work.
        """
        self.seed(seed)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, self._agent(workload), seed)
        if self._job.settings.strategy == "default":
            return TensorFlowTrainer(self.keras, network_of(workload), self._tuned)
        strategy = tf_ranks.strategy(self._tf, self._job)
        return ReplicasOfTensorFlow(
            self._tf, strategy, self.keras, network_of(workload), self._tuned
        )

    def _agent(self, workload: GameWorkload) -> ToolsAgent:
        """Keras' own calls as written, one compiled step in mode ``tuned``.

        Raises:
            ValueError: it is to be split over GPUs.
        """
        if self._job.settings.strategy != "default":
            raise ValueError(f"{workload.name} is not split over several GPUs")
        jit = bool(self._tuned.get("jit_compile"))
        agent = TensorFlowAgent(self.keras, workload, {"jit_compile": jit})
        if not self._tuned:
            return agent
        steps = TensorFlowSteps(self._tf, agent.learner, agent.q, agent.copy, jit)
        return AgentBySteps(agent, steps)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what TensorFlow says of itself."""
        versions = {"tensorflow": self._tf.__version__}
        for name in ("keras", "tf_keras"):
            if hasattr(sys.modules.get(name), "__version__"):
                versions[name.replace("_", "-")] = sys.modules[name].__version__
        xla = bool(self._tf.config.optimizer.get_jit())
        return versions, {"xla": xla, **tf_gpu.facts(self._tf)}


class TensorFlowTrainer(KerasTrainer):
    """Keras 2, with the optimisers as TensorFlow 2.11 and later have them."""

    replicas = 1
    of_keras: Dict[str, str] = {}
    """Its version, where it is not TensorFlow's own."""

    def __init__(self, keras: Any, workload: NetworkWorkload, tuned: Dict[str, Any]) -> None:
        """``tuned`` are options of ``model.compile``."""
        self._tuned = tuned
        super().__init__(keras, workload, compile_options=tuned)

    def optimizer(self) -> Any:
        """That of the recipe."""
        return keras_optimizers.of_tensorflow(self._workload.recipe.optimizer, self.keras)

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device = str(self._model.trainable_weights[0].device)
        facts = {
            "products_in": self._products(),
            "weights_on": device,
            "layout": "channels_last",
            "replicas": self.replicas,
            "jit_compile": bool(self._tuned.get("jit_compile")),
            "steps_per_execution": int(self._tuned.get("steps_per_execution", 1)),
            **self.lstm_facts(tf_graphs.gone_through),
        }
        return ("gpu" if "GPU" in device else "cpu"), facts

    @staticmethod
    def variable(weight: Any) -> Any:
        """TensorFlow's variable of a weight: itself."""
        return weight

    def _products(self, device: Optional[str] = None) -> Dict[str, int]:
        """Those of a step, of all replicas or of the one on ``device``."""
        return tf_graphs.formats(self._step, self._test_x[:2], self._test_y[:2], device)

    def _step(self, pair: Any) -> Any:
        """Keras' own step of training, on each replica."""
        return self._model.distribute_strategy.run(self._model.train_step, args=(pair,))


class ReplicasOfTensorFlow(tf_ranks.Replicas, TensorFlowTrainer):
    """The same under a strategy."""


def create() -> TensorFlow:
    """The backend that the trainer drives."""
    return TensorFlow()
