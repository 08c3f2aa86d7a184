"""Backend ``keras3-jax``: Keras 3 on JAX."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from runner.backends.base import EpochSeen
from runner.backends.jax import jax_device
from runner.backends.keras.keras3 import Keras3
from runner.contract.job import Job

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays


class Keras3OnJax(Keras3):
    """Channels last: the default of Keras.

    As written ``fit`` starts a compiled step for each batch. Mode ``tuned`` compiles the epoch,
    ahead of training: a ``jax.lax.scan`` over the model's own ``train_step``, data and shuffling on
    the device. On a CPU it has convolutions as products of matrices besides, since XLA's own
    gradient of a convolution is several times slower there, and slower still in a loop.
    """

    below = "jax"
    scanned = False
    as_products = False

    def configure(self, job: Job) -> None:
        """Keras, and what JAX reads when it looks for devices."""
        super().configure(job)
        self.scanned = self.tuned
        self.as_products = self.tuned and job.device == "cpu"
        self._seed = job.seed
        jax_device.configure(job)

    def start(self, job: Job) -> None:
        """Import JAX, then Keras on it."""
        import jax

        self._jax = jax
        jax_device.start(jax, job)
        self.import_keras(job)

    def layers(self) -> Any:
        """Keras' own; on a CPU in mode ``tuned`` with another ``convolution_op``."""
        layers = self.keras.layers
        if not self.as_products:
            return layers
        return SimpleNamespace(
            **{**vars(layers), "Conv2D": _convolution_as_product(self._jax, layers)}
        )

    def prepare(self, data: Arrays) -> None:
        """Arrays; in mode ``tuned`` on the device."""
        super().prepare(data)
        if self.scanned:
            self._train_x, self._train_y = self._jax.block_until_ready(
                self._jax.device_put((self._train_x, self._train_y))
            )

    def compile(self) -> bool:
        """In mode ``tuned`` the scan over an epoch."""
        if not self.scanned:
            return super().compile()
        x, y = self._train_x, self._train_y
        self._make_variables(x, y)
        self._key = self._jax.random.key(self._seed)
        epoch = self._epoch_function(len(x))
        self._epoch = epoch.lower(self._state(), x, y, self._key).compile()
        return True

    def fit(self, epochs: int, epoch_seen: EpochSeen) -> int:
        """``model.fit``, or its steps in one compiled function for each epoch."""
        if not self.scanned:
            return super().fit(epochs, epoch_seen)
        jax, key, state = self._jax, self._key, self._state()
        for number in range(1, epochs + 1):
            key, own = jax.random.split(key)
            fresh = [jax.numpy.zeros_like(value) for value in state[-1]]
            logs, state = self._epoch((*state[:-1], fresh), self._train_x, self._train_y, own)
            epoch_seen(number, float(logs["loss"]))
        for variables, values in zip(self._parts(), state):
            for variable, value in zip(variables, values):
                variable.assign(value)
        self._model.reset_metrics()
        return int(self._iterations())

    def _make_variables(self, x: Any, y: Any) -> None:
        """What ``fit`` makes before its first step: the optimiser's and the metrics' variables."""
        self._model.optimizer.build(self._model.trainable_variables)
        self._model.test_on_batch(x[:1], y[:1])
        self._model.reset_metrics()

    def _state(self) -> Tuple[List[Any], ...]:
        return tuple([variable.value for variable in part] for part in self._parts())

    def _parts(self) -> Tuple[List[Any], ...]:
        """The variables of which ``train_step`` takes and returns the values, in its order."""
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

    def _epoch_function(self, samples: int) -> Any:
        """All updates of one epoch, compiled: (state, images, labels, key) to (logs, state)."""
        jax, model = self._jax, self._model
        batch = self._workload.recipe.batch_size
        whole = samples // batch * batch

        def epoch(state: Any, x: Any, y: Any, key: Any) -> Any:
            order = jax.random.permutation(key, samples)

            def step(state: Any, rows: Any) -> Any:
                logs, state = model.train_step(state, (x[rows], y[rows]))
                return state, logs

            logs: Dict[str, Any] = {}
            if whole:
                state, every = jax.lax.scan(step, state, order[:whole].reshape(-1, batch))
                logs = {name: values[-1] for name, values in every.items()}
            if whole < samples:
                state, logs = step(state, order[whole:])
            return logs, state

        return jax.jit(epoch, donate_argnums=0)

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of a trained weight, live versions, and what both say of themselves."""
        import jaxlib

        (device,) = self._model.trainable_variables[0].value.devices()
        facts = {
            "weights_on": str(device),
            "scan_over_epoch": self.scanned,
            "convolutions_as_products": self.as_products,
            **self.facts(),
            **jax_device.facts(self._jax),
        }
        return str(device.platform), self.versions(self._jax, jaxlib), facts


def _convolution_as_product(jax: Any, layers: Any) -> Any:
    """Keras' Conv2D (stride 1, valid padding) that multiplies all windows with the kernel."""

    class Conv2D(layers.Conv2D):  # type: ignore[misc]
        def convolution_op(self, inputs: Any, kernel: Any) -> Any:
            kernel = jax.numpy.asarray(kernel)
            high, wide, _, filters = kernel.shape
            rows, columns = inputs.shape[1] - high + 1, inputs.shape[2] - wide + 1
            windows = [
                inputs[:, row : row + rows, column : column + columns]
                for row in range(high)
                for column in range(wide)
            ]
            return jax.numpy.concatenate(windows, axis=-1) @ kernel.reshape(-1, filters)

    return Conv2D


def create() -> Keras3OnJax:
    """The backend that the trainer drives."""
    return Keras3OnJax()
