"""TensorFlow's MirroredStrategy: a copy of the variables on each device, gradients summed.

Shared by Keras 2 (``tf``) and Keras 3 (``keras3-tf``).
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

from runner.backends.base import Facts
from runner.backends.common import rank_facts
from runner.contract.job import Job
from runner.networks.network import Network


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


def ranks(
    tensorflow: Any,
    strategy: Any,
    network: Network,
    updates: int,
    weights_of: Callable[[Callable[[Any], Any]], Sequence[Any]],
    versions: Dict[str, str],
) -> List[Facts]:
    """What each replica attests.

    Args:
        tensorflow: the module.
        strategy: under which the variables were made.
        network: what was trained.
        updates: that all took part in: a step is one call for all of them.
        weights_of: all weights as they are handed over, by a function that reads a variable of
            TensorFlow's.
        versions: beside TensorFlow's own.
    """
    live = {"tensorflow": str(tensorflow.__version__), **versions}
    found = []
    for number, device in enumerate(strategy.extended.worker_devices):

        def own(variable: Any, number: int = number) -> Any:
            return strategy.experimental_local_results(variable)[number].numpy()

        weights = rank_facts.digest(network, weights_of(own))
        kind = "gpu" if "GPU" in device else "cpu"
        found.append(rank_facts.told(number, kind, str(device), updates, weights, live))
    return found
