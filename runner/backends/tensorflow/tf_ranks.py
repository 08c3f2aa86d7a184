"""TensorFlow's MirroredStrategy: a copy of the variables on each device, gradients summed.

Shared by Keras 2 (``tf``) and Keras 3 (``keras3-tf``).
"""

from __future__ import annotations

from typing import Any, List

from runner.backends.base import Facts
from runner.backends.common import rank_facts
from runner.contract.job import Job
from runner.networks.weights_digest import digest


def start(tensorflow: Any, job: Job) -> None:
    """On a CPU make so many devices of it, before the first operation."""
    if job.device == "cpu" and job.ranks:
        config = tensorflow.config
        (cpu,) = config.list_physical_devices("CPU")
        parts = [config.LogicalDeviceConfiguration()] * job.ranks
        config.set_logical_device_configuration(cpu, parts)


def strategy(tensorflow: Any, job: Job) -> Any:
    """Over all GPUs that TensorFlow sees, or over the parts of the CPU.

    Raises:
        RuntimeError: TensorFlow has another number of them than share the job.
    """
    parts = [f"CPU:{number}" for number in range(job.ranks or 1)] if job.device == "cpu" else None
    made = tensorflow.distribute.MirroredStrategy(parts)
    there = int(made.num_replicas_in_sync)
    if job.ranks is not None and there != job.ranks:
        raise RuntimeError(f"TensorFlow has {there} replicas, {job.ranks} are to share the job")
    return made


class Replicas:
    """What a trainer of Keras gets before it under a strategy: a copy on each device.

    The trainer, Keras 2's or Keras 3's, is the next class; its constructor takes the rest.
    """

    def __init__(self, tf: Any, strategy: Any, *others: Any, **options: Any) -> None:
        """The variables are made in the strategy's scope."""
        self._tf, self._strategy = tf, strategy
        self.replicas = int(strategy.num_replicas_in_sync)
        trainer: Any = super()
        with strategy.scope():
            trainer.__init__(*others, **options)

    def ranks(self: Any) -> List[Facts]:
        """Each replica with its own copy of the weights, and what the graph leaves to it."""
        versions = {"tensorflow": str(self._tf.__version__), **self.of_keras}
        network, updates, found = self._workload.network, self._iterations(), []
        local = self._strategy.experimental_local_results
        for number, device in enumerate(self._strategy.extended.worker_devices):

            def own(layer: Any, number: int = number) -> List[Any]:
                kept = (self.variable(weight) for weight in layer.weights)
                return [local(variable)[number].numpy() for variable in kept]

            found.append(
                rank_facts.told(
                    number,
                    "gpu" if "GPU" in device else "cpu",
                    str(device),
                    updates,
                    digest(network, self._as_stated(own)),
                    versions,
                    self._products(str(device)),
                )
            )
        return found
