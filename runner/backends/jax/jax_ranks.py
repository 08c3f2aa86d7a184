"""JAX over a mesh of devices, as its guide to sharded computation has it: one program for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from runner.backends.base import Facts
from runner.backends.jax import jax_mesh
from runner.backends.jax.jax_trainer import JaxTrainer

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class MeshTrainer(JaxTrainer):
    """The same update, of batches that are cut into as many parts as there are devices.

    XLA sees the whole batch: statistics of batches and what is dropped are as on one device.
    """

    def __init__(self, jax: Any, *others: Any) -> None:
        """``others`` are those of one device."""
        self._mesh = jax_mesh.Mesh(jax)
        super().__init__(jax, *others)
        copied = self._mesh.copied
        self._weights, self._slots, self._key = jax.device_put(
            (self._weights, self._slots, self._key), copied
        )
        step = jax.jit(self._one_update, out_shardings=copied)
        self._step = lambda *arguments: step(*arguments[:4], *self._laid(*arguments[4:]))
        self._scan = jax.jit(self._one_epoch, donate_argnums=(0, 1), out_shardings=copied)

    def prepare(self, data: Arrays) -> None:
        """Tuned, all samples on each device."""
        super().prepare(data)
        if self._tuned:
            self._train = self._jax.block_until_ready(
                self._jax.device_put(self._train, self._mesh.copied)
            )
            self._updates = self._jax.device_put(self._updates, self._mesh.copied)

    def _laid(self, inputs: Any, labels: Any) -> Any:
        """A batch from the host, each part on its device."""
        return self._jax.device_put((inputs, labels), self._mesh.of_batch(len(labels)))

    def _one_update(
        self, weights: Any, slots: Any, key: Any, update: Any, inputs: Any, labels: Any
    ) -> Any:
        inputs, labels = self._jax.lax.with_sharding_constraint(
            (inputs, labels), self._mesh.of_batch(len(labels))
        )
        weights, slots, update, loss = super()._one_update(
            weights, slots, key, update, inputs, labels
        )
        return (*self._mesh.agreed((weights, slots), len(labels)), update, loss)

    def ranks(self) -> List[Facts]:
        """Each device with its own copy of the weights."""
        return jax_mesh.ranks(
            self._jax,
            self._workload.network,
            int(self._updates),
            lambda device: [jax_mesh.copy_on(device, value) for value in self._weights],
            {},
            self._traced().products,
        )
