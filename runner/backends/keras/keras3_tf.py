"""Backend ``keras3-tf``: Keras 3 on TensorFlow."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common.game_trainer import GameTrainer, ToolsAgent
from runner.backends.common.translation import network_of
from runner.backends.keras.agent_by_steps import AgentBySteps
from runner.backends.keras.keras3 import Keras3
from runner.backends.keras.keras3_agent import Keras3Agent
from runner.backends.keras.keras3_trainer import Keras3Trainer
from runner.backends.tensorflow import tf_gpu, tf_graphs, tf_ranks
from runner.backends.tensorflow.tf_steps import TensorFlowSteps
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.workload import Workload


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

    def start(self) -> None:
        """Import TensorFlow, then Keras on it."""
        import tensorflow

        self._tf = tensorflow
        tf_gpu.start(tensorflow, self._job)
        self.import_keras()

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Mode ``tuned``: many steps in one call."""
        self.seed(seed)
        # Seeded, Keras' own shuffle would start anew with each epoch and draw the same order: its
        # tf.data iterator is made for every epoch. Unseeded, as its users have it, it does not;
        # weights and dropout are drawn from Keras' seeds.
        self._tf.random.set_seed(None)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, self._agent(workload), seed)
        options = {"steps_per_execution": tf_gpu.STEPS_PER_CALL} if self.tuned else {}
        if self._job.settings.strategy == "default":
            return TrainerOnTensorFlow(self.keras, network_of(workload), compile_options=options)
        strategy = tf_ranks.strategy(self._tf, self._job)
        # Keras 3.15 fails on many steps in one call under a strategy ("Graph execution error").
        return ReplicasOnTensorFlow(self._tf, strategy, self.keras, network_of(workload))

    def _agent(self, workload: GameWorkload) -> ToolsAgent:
        """Keras' own calls as written, functions of TensorFlow in mode ``tuned``."""
        agent = Keras3Agent(self.keras, workload, _place)
        if not self.tuned:
            return agent
        jit = self._job.device == "gpu"
        steps = TensorFlowSteps(self._tf, agent.learner, agent.q, agent.copy, jit)
        return AgentBySteps(agent, steps)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what TensorFlow says of itself."""
        return self.versions(self._tf), tf_gpu.facts(self._tf)


class TrainerOnTensorFlow(Keras3Trainer):
    """Keras' own ``fit``."""

    def optimizer(self) -> Any:
        """The recipe's, of dense gradients.

        An embedding's gradient is sparse, with a part for each time that a word comes. Keras 3's
        Adam squares part by part where the square of their sum is due, and the rows move elsewhere
        (seen of 3.15: a quarter of the way off after three updates).
        """
        from tensorflow import convert_to_tensor

        found = super().optimizer()
        apply = found.apply

        def of_dense(grads: Any, trainable_variables: Any = None) -> Any:
            return apply([convert_to_tensor(gradient) for gradient in grads], trainable_variables)

        found.apply = of_dense
        return found

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device, name = _place(self._model.trainable_variables[0].value)
        of_lstm = self.lstm_facts(tf_graphs.gone_through)
        facts = {"products_in": self._products(), "weights_on": name}
        return device, {**facts, **self.facts(), **of_lstm}

    @property
    def of_keras(self) -> Dict[str, str]:
        """Its version."""
        return {"keras": str(self.keras.__version__)}

    @staticmethod
    def variable(weight: Any) -> Any:
        """TensorFlow's variable of a weight."""
        return weight.value

    def _products(self, device: Optional[str] = None) -> Dict[str, int]:
        """Those of a step, of all replicas or of the one on ``device``."""
        return tf_graphs.formats(self._step, self._test_x[:2], self._test_y[:2], device)

    def _step(self, pair: Any) -> Any:
        """Keras' own step of training, on each replica."""
        return self._model.distribute_strategy.run(self._model.train_step, args=(pair,))


class ReplicasOnTensorFlow(tf_ranks.Replicas, TrainerOnTensorFlow):
    """The same under a strategy."""


def _place(value: Any) -> Tuple[str, str]:
    """The kind of device that a value is on, and its name."""
    name = str(value.device)
    return ("gpu" if "GPU" in name else "cpu"), name


def create() -> Keras3OnTensorFlow:
    """The backend that the trainer drives."""
    return Keras3OnTensorFlow()
