"""Keras 3 on JAX over several devices: ``keras.distribution.DataParallel``, as its guide has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Tuple

from runner.backends.base import Facts
from runner.backends.jax import jax_mesh
from runner.backends.keras.keras3_jax_trainer import ScanningTrainer, TrainerOnJax

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


def begin(keras: Any) -> None:
    """From now on variables are made on all devices, and what is fed is cut among them."""

    class Cut(keras.distribution.DataParallel):  # type: ignore[misc]
        """A batch that does not divide is computed by every device, all of it."""

        def get_data_layout(self, data_shape: Any) -> Any:
            if data_shape[0] % self.device_mesh.devices.size == 0:
                return super().get_data_layout(data_shape)
            return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    keras.distribution.set_distribution(Cut(auto_shard_dataset=False))


class MeshOnJax(TrainerOnJax):
    """Keras' own ``fit``; XLA sees the whole batch (:mod:`runner.backends.jax.jax_ranks`)."""

    def prepare(self, data: Arrays) -> None:
        """See that Keras can cut every batch: ``fit`` lays all of them as it does the first.

        Raises:
            ValueError: the last one of the training data does not divide.
        """
        import jax

        count, size = len(jax.devices()), self._workload.recipe.batch_size
        samples = len(data.train_labels)
        if not self.scanned and samples % size % count:
            raise ValueError(
                f"Keras' fit on JAX cuts batches that divide by {count} devices alone: of "
                f"{samples} samples the last batch has {samples % size} "
                "(--mode tuned, or --train-samples)"
            )
        super().prepare(data)

    def evaluate(self) -> Tuple[float, float]:
        """Batch by batch, each laid for itself."""
        return self.evaluate_by_batches()

    def ranks(self) -> List[Facts]:
        """Each device with its own copy of the weights."""
        import jax

        def weights_on(device: Any) -> List[Any]:
            return self._as_stated(
                lambda own: [jax_mesh.copy_on(device, weight.value) for weight in own.weights]
            )

        network, versions = self._workload.network, {"keras": str(self.keras.__version__)}
        return jax_mesh.ranks(
            jax, network, self._iterations(), weights_on, versions, self._traced().products
        )


class ScanningMesh(MeshOnJax, ScanningTrainer):
    """The compiled epoch, whose every batch is cut, or copied where it does not divide."""

    def __init__(self, jax: Any, *others: Any) -> None:
        """``others`` are those of one device."""
        self._mesh = jax_mesh.Mesh(jax)
        self._jit_options = {"out_shardings": self._mesh.copied}
        ScanningTrainer.__init__(self, jax, *others)

    def prepare(self, data: Arrays) -> None:
        """All samples on each device."""
        super().prepare(data)
        self._train_x, self._train_y = self._jax.device_put(
            (self._train_x, self._train_y), self._mesh.copied
        )

    def _batch(self, inputs: Any, labels: Any) -> Tuple[Any, Any]:
        laid = self._mesh.of_batch(len(labels))
        constrained = self._jax.lax.with_sharding_constraint
        return constrained(inputs, laid), constrained(labels, laid)

    def _agreed(self, state: Any, samples: int) -> Any:
        return self._mesh.agreed(state, samples)
