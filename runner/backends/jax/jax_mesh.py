"""The devices of a data-parallel job of JAX, in one mesh: arrays are cut, or copied to each.

Shared by ``jax`` and Keras 3 on it.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Sequence

from runner.backends.base import Facts
from runner.backends.common import rank_facts
from runner.contract.job import Job
from runner.networks.network import Network
from runner.networks.weights_digest import digest

_AXIS = "batch"


_WAITING = 16
"""Workers of XLA's pool for each device, beside those that compute: more than it waits in."""


def configure(job: Job) -> None:
    """On a CPU, so many devices of one host: XLA reads this when it looks for devices.

    A device that waits for the others in an exchange keeps a worker of the pool that all share.
    With as many workers as cores none may be left for the one that is waited for: on two cores four
    jobs in six of 20 epochs were ended by XLA's own limit of 40 s (2026-11-27).
    """
    if job.device == "cpu" and job.ranks:
        flag = f"--xla_force_host_platform_device_count={job.ranks}"
        os.environ["XLA_FLAGS"] = " ".join(filter(None, [os.environ.get("XLA_FLAGS"), flag]))
        cores = job.threads or len(os.sched_getaffinity(0))
        os.environ["NPROC"] = str(cores + _WAITING * job.ranks)


def check(jax: Any, job: Job) -> None:
    """See that JAX has as many devices as share the job.

    Raises:
        RuntimeError: it has another number.
    """
    there = len(jax.devices())
    if job.ranks is not None and there != job.ranks:
        raise RuntimeError(f"JAX sees {there} devices, {job.ranks} are to share the job")


class Mesh:
    """All devices in a row. ``cut``: by the first axis; ``copied``: the same on each."""

    def __init__(self, jax: Any) -> None:
        import numpy

        self._jax = jax
        self.devices: List[Any] = list(jax.devices())
        sharding = jax.sharding
        self._mesh = sharding.Mesh(numpy.array(self.devices), (_AXIS,))
        self.cut = sharding.NamedSharding(self._mesh, sharding.PartitionSpec(_AXIS))
        self.copied = sharding.NamedSharding(self._mesh, sharding.PartitionSpec())

    def of_batch(self, samples: int) -> Any:
        """How a batch lies: one that does not divide is computed by every device, all of it."""
        return self.copied if samples % len(self.devices) else self.cut

    def agreed(self, values: Any, samples: int) -> Any:
        """What an update of so many samples made: on all devices what the first one has.

        Where each computed the whole batch they may differ in last bits: a GPU adds the gradients
        of an embedding in no fixed order (two H100s, 2026-11-27). XLA takes such copies for equal.
        """
        if samples % len(self.devices) == 0:
            return values
        each = self.copied.spec
        by_device = _by_device(self._jax)
        return by_device(self._first, mesh=self._mesh, in_specs=each, out_specs=each)(values)

    def _first(self, values: Any) -> Any:
        jax, number = self._jax, self._jax.lax.axis_index(_AXIS)

        def of_first(value: Any) -> Any:
            nothing = jax.numpy.zeros_like(value)
            return jax.lax.psum(jax.numpy.where(number == 0, value, nothing), _AXIS)

        return jax.tree.map(of_first, values)


def _by_device(jax: Any) -> Any:
    """``shard_map``, which was elsewhere before JAX 0.6."""
    if hasattr(jax, "shard_map"):
        return jax.shard_map
    from jax.experimental.shard_map import shard_map

    return shard_map


def copy_on(device: Any, value: Any) -> Any:
    """The copy of an array that a device holds, on the host."""
    import numpy

    return next(
        numpy.asarray(part.data) for part in value.addressable_shards if part.device == device
    )


def ranks(
    jax: Any,
    network: Network,
    updates: int,
    weights_on: Callable[[Any], Sequence[Any]],
    versions: Facts,
    products_in: Dict[str, int],
) -> List[Facts]:
    """What each device attests.

    ``weights_on`` are those of a device, as they are handed over; ``products_in`` those of the one
    program that all devices run.
    """
    import jaxlib

    live = {"jax": jax.__version__, "jaxlib": jaxlib.__version__, **versions}
    return [
        rank_facts.told(
            number,
            "cpu" if device.platform == "cpu" else "gpu",
            str(device),
            updates,
            digest(network, weights_on(device)),
            live,
            products_in,
        )
        for number, device in enumerate(jax.devices())
    ]
