"""Networks as Keras 3 trains them on JAX: ``fit``, or a compiled epoch in its place."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.common import evaluation_batch, lstm_code
from runner.backends.jax import jax_device, jax_products
from runner.backends.jax.jax_pictures import product_of_patches, sum_of_shifts
from runner.backends.jax.jax_text import correlation
from runner.backends.keras import keras_precision
from runner.backends.keras.keras3_trainer import Keras3Trainer
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class TrainerOnJax(Keras3Trainer):
    """Keras' own ``fit``: a compiled step for each batch."""

    scanned = False
    as_products = False

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device, name = place(self._model.trainable_variables[0].value)
        traced = self._traced()
        facts = {
            "products_in": traced.products,
            "scattered_in": traced.scattered,
            "weights_on": name,
            "scan_over_epoch": self.scanned,
            "convolutions_as_products": self.as_products and self._workload.network.convolves,
            **lstm_code.facts(self._workload.network, self._lstm_code),
            **self.facts(),
        }
        return device, facts

    def evaluate_by_batches(self) -> Tuple[float, float]:
        """Loss and error rate on the test inputs, by Keras' step for each batch."""
        size, count = self.evaluation_batch(), len(self._test_y)
        loss = correct = 0.0
        for first in range(0, count, size):
            inputs, labels = (part[first : first + size] for part in (self._test_x, self._test_y))
            mean, accuracy = self._model.test_on_batch(inputs, labels)
            loss += float(mean) * len(labels)
            correct += float(accuracy) * len(labels)
        return loss / count, 1.0 - correct / count

    def _traced(self) -> jax_products.Traced:
        """What an update consists of."""
        size = self._workload.recipe.batch_size
        rows = self._test_x[:size], self._test_y[:size]
        return jax_products.traced(self._model.train_step, self._state(), rows)

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

    def _lstm_code(self) -> str:
        """Of what the model is traced to: cuDNN's LSTM is one operation there, ``rnn_fwd``."""
        import jax

        traced = str(jax.make_jaxpr(self._model)(self._test_x[:1]))
        return lstm_code.CUDNN if "rnn_fwd" in traced else "scan"


class ScanningTrainer(TrainerOnJax):
    """An epoch as one compiled ``jax.lax.scan`` over the model's own ``train_step``.

    Data and shuffling are on the device. With ``as_products`` convolutions are products of
    matrices besides: XLA's own gradient of a convolution is several times slower on a CPU, and
    slower still in a loop.
    """

    scanned = True
    _jit_options: Dict[str, Any] = {}

    def __init__(
        self, jax: Any, keras: Any, workload: NetworkWorkload, seed: int, as_products: bool
    ) -> None:
        self._jax, self._seed, self.as_products = jax, seed, as_products
        classes = layers_of_products(jax, keras.layers) if as_products else keras.layers
        if keras_precision.is_mixed(keras):
            classes = with_float32_embedding(classes)
        super().__init__(keras, workload, classes=classes)

    def prepare(self, data: Arrays) -> None:
        """The training data to the device."""
        super().prepare(data)
        self._train_x, self._train_y = self._jax.block_until_ready(
            self._jax.device_put((self._train_x, self._train_y))
        )

    def compile(self) -> bool:
        """The scan over an epoch, ahead of training."""
        x, y = self._train_x, self._train_y
        self._make_variables()
        self._key = self._jax.random.key(self._seed)
        epoch = self._epoch_function(len(x))
        self._epoch = epoch.lower(self._state(), x, y, self._key).compile()
        return True

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The model's steps in one compiled function for each epoch."""
        jax, key, state = self._jax, self._key, self._state()
        for number in range(1, epochs + 1):
            key, own = jax.random.split(key)
            fresh = [jax.numpy.zeros_like(value) for value in state[-1]]
            logs, state = self._epoch((*state[:-1], fresh), self._train_x, self._train_y, own)
            lap_seen(number, float(logs["loss"]))
        for variables, values in zip(self._parts(), state):
            for variable, value in zip(variables, values):
                variable.assign(value)
        self._model.reset_metrics()
        return self._iterations()

    def evaluate(self) -> Tuple[float, float]:
        """By what was compiled to make the variables: ``Model.evaluate`` would compile its own."""
        return self.evaluate_by_batches()

    def evaluation_batch(self) -> int:
        """Of one size, where that can be: every other one is compiled for."""
        return evaluation_batch.even(len(self._test_y), self._workload.recipe.batch_size)

    def _make_variables(self) -> None:
        """What ``fit`` makes before its first step: the optimiser's and the metrics' variables."""
        few = self.evaluation_batch()  # so that evaluating finds what this compiles
        self._model.optimizer.build(self._model.trainable_variables)
        self._model.test_on_batch(self._test_x[:few], self._test_y[:few])
        self._model.reset_metrics()

    def _epoch_function(self, samples: int) -> Any:
        """All updates of one epoch, compiled: (state, inputs, labels, key) to (logs, state)."""
        jax, model = self._jax, self._model
        batch = self._workload.recipe.batch_size
        whole = samples // batch * batch

        def epoch(state: Any, x: Any, y: Any, key: Any) -> Any:
            order = jax.random.permutation(key, samples)

            def step(state: Any, rows: Any) -> Any:
                logs, state = model.train_step(state, self._batch(x[rows], y[rows]))
                return state, logs

            logs: Dict[str, Any] = {}
            if whole:
                state, every = jax.lax.scan(step, state, order[:whole].reshape(-1, batch))
                logs = {name: values[-1] for name, values in every.items()}
            if whole < samples:
                state, logs = step(state, order[whole:])
                state = self._agreed(state, samples - whole)
            return logs, state

        return jax.jit(epoch, donate_argnums=0, **self._jit_options)

    def _batch(self, inputs: Any, labels: Any) -> Tuple[Any, Any]:
        """A batch within the compiled epoch."""
        return inputs, labels

    def _agreed(self, state: Any, samples: int) -> Any:
        """The state after a smaller last batch of so many samples."""
        del samples
        return state


def place(value: Any) -> Tuple[str, str]:
    """The kind of device that a value is on, and its name."""
    device = jax_device.first(value)
    return str(device.platform), str(device)


def with_float32_embedding(classes: Any) -> Any:
    """The same layers, but ``Embedding`` stays in float32, as Keras lets any layer (``dtype``).

    It multiplies nothing. Its gradient adds all rows of a batch into few: in bfloat16 that is
    coarse, and a GPU does it by compare-and-swap (openxla/xla issue 26371).
    """
    embedding = functools.partial(classes.Embedding, dtype="float32")
    return SimpleNamespace(**{**vars(classes), "Embedding": embedding})


def layers_of_products(jax: Any, layers: Any) -> Any:
    """``keras.layers`` whose convolutions multiply all windows and the kernel."""
    jnp = jax.numpy

    def with_zeros(layer: Any, inputs: Any) -> Any:
        """Those that ``same`` means at stride 1, of an odd kernel."""
        if layer.padding == "valid":
            return inputs
        (high, wide) = layer.kernel_size
        rows, columns = (high // 2, high // 2), (wide // 2, wide // 2)
        return jnp.pad(inputs, ((0, 0), rows, columns, (0, 0)))

    class Conv1D(layers.Conv1D):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:  # Keras' own asks for no convolution_op
            out = correlation(jax, inputs, jnp.asarray(self.kernel), as_product=True)
            return self.activation(out + jnp.asarray(self.bias))

    class Conv2D(layers.Conv2D):  # type: ignore[misc]
        def convolution_op(self, inputs: Any, kernel: Any) -> Any:
            around = with_zeros(self, inputs)
            return product_of_patches(jnp, around, jnp.asarray(kernel), self.strides)

    class DepthwiseConv2D(layers.DepthwiseConv2D):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            out = sum_of_shifts(with_zeros(self, inputs), jnp.asarray(self.kernel))
            return self.activation(out + jnp.asarray(self.bias))

    own = {"Conv1D": Conv1D, "Conv2D": Conv2D, "DepthwiseConv2D": DepthwiseConv2D}
    return SimpleNamespace(**{**vars(layers), **own})
