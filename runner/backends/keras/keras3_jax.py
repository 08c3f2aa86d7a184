"""Backend ``keras3-jax``: Keras 3 on JAX."""

from __future__ import annotations

from typing import Dict, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common.game_trainer import GameTrainer, ToolsAgent
from runner.backends.common.translation import network_of
from runner.backends.jax import jax_device
from runner.backends.keras import keras3_jax_ranks
from runner.backends.keras.agent_by_steps import AgentBySteps
from runner.backends.keras.keras3 import Keras3
from runner.backends.keras.keras3_agent import Keras3Agent
from runner.backends.keras.keras3_jax_ranks import MeshOnJax, ScanningMesh
from runner.backends.keras.keras3_jax_steps import JaxSteps
from runner.backends.keras.keras3_jax_trainer import (
    ScanningTrainer,
    TrainerOnJax,
    layers_of_products,
    place,
)
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.workload import Workload


class Keras3OnJax(Keras3):
    """Channels last: the default of Keras. Mode ``tuned`` compiles the epoch."""

    below = "jax"

    def configure(self, job: Job) -> None:
        """Keras, and what JAX reads when it looks for devices."""
        super().configure(job)
        jax_device.configure(job)

    def start(self) -> None:
        """Import JAX, then Keras on it."""
        import jax

        self._jax = jax
        jax_device.start(jax, self._job)
        self.import_keras()

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """``fit`` as written, one scan an epoch in mode ``tuned``."""
        self.seed(seed)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, self._agent(workload), seed)
        shared = self._job.settings.strategy == "data-parallel"
        if shared:
            keras3_jax_ranks.begin(self.keras)
        if not self.tuned:
            return (MeshOnJax if shared else TrainerOnJax)(self.keras, network_of(workload))
        as_products = self._job.device == "cpu"
        scanning = ScanningMesh if shared else ScanningTrainer
        return scanning(self._jax, self.keras, network_of(workload), seed, as_products)

    def _agent(self, workload: GameWorkload) -> ToolsAgent:
        """Keras' own calls as written, functions of JAX in mode ``tuned``."""
        if not self.tuned:
            return Keras3Agent(self.keras, workload, place)
        on_cpu = self._job.device == "cpu"
        classes = layers_of_products(self._jax, self.keras.layers) if on_cpu else None
        agent = Keras3Agent(self.keras, workload, place, classes=classes)
        return AgentBySteps(agent, JaxSteps(self._jax, agent.learner, agent.q, agent.copy))

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what JAX says of itself."""
        import jaxlib

        return self.versions(self._jax, jaxlib), jax_device.facts(self._jax)


def create() -> Keras3OnJax:
    """The backend that the trainer drives."""
    return Keras3OnJax()
