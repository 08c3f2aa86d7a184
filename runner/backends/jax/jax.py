"""Backend ``jax``: JAX without a high-level API, the loop as its own MNIST example has it."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import translation
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.common.translation import network_of
from runner.backends.jax import jax_device, jax_layers, jax_optimizers
from runner.backends.jax.jax_agent import JaxAgent
from runner.backends.jax.jax_precision import JaxPrecision
from runner.backends.jax.jax_ranks import MeshTrainer
from runner.backends.jax.jax_trainer import JaxTrainer
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.workload import Workload


class Jax:
    """JAX and nothing above it."""

    def supports(self, workload: Workload) -> Optional[str]:
        """All networks whose layers are translated."""
        return translation.missing("JAX", workload, jax_layers.forward, jax_optimizers.step)

    def configure(self, job: Job) -> None:
        """What JAX reads when it looks for devices."""
        self._job = job
        jax_device.configure(job)

    def start(self) -> None:
        """Import JAX, set the precision and find the device."""
        import jax

        self._jax = jax
        jax_device.start(jax, self._job)

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """The loop of the job's mode."""
        tuned = self._job.settings.mode == "tuned"
        patches = tuned and self._job.device == "cpu"
        if isinstance(workload, GameWorkload):
            agent = JaxAgent(self._jax, workload, seed, tuned, patches)
            return GameTrainer(workload, agent, seed)
        shared = self._job.settings.strategy == "data-parallel"
        kind = MeshTrainer if shared else JaxTrainer
        precision = JaxPrecision(self._jax, self._job.settings.precision)
        return kind(self._jax, network_of(workload), precision, seed, tuned, patches)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what JAX says of itself."""
        import jaxlib
        import numpy

        versions = {
            "jax": self._jax.__version__,
            "jaxlib": jaxlib.__version__,
            "numpy": numpy.__version__,
        }
        return versions, jax_device.facts(self._jax)


def create() -> Jax:
    """The backend that the trainer drives."""
    return Jax()
