"""A network as plain JAX trains it: the update, the loop or the scan, the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.common import evaluation_batch, lstm_code
from runner.backends.jax import jax_device, jax_optimizers, jax_products
from runner.backends.jax.jax_layers import Layers
from runner.backends.jax.jax_precision import JaxPrecision
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class JaxTrainer:
    """JAX, channels last.

    As written: a compiled update for each batch, which NumPy cuts from a permutation of the inputs.
    Tuned: the data on the device and a whole epoch as one compiled scan over its batches, compiled
    ahead of training, in which weights are updated in place (donated); on a CPU convolutions are
    matrix products of patches, because the gradient of XLA's own convolution is slow there.
    """

    def __init__(
        self,
        jax: Any,
        workload: NetworkWorkload,
        precision: JaxPrecision,
        seed: int,
        tuned: bool,
        patches: bool,
    ) -> None:
        import numpy

        self._jax, self._workload, self._precision, self._tuned = jax, workload, precision, tuned
        self._random = numpy.random.RandomState(seed)
        self._key, key = jax.random.split(jax.random.PRNGKey(seed))
        self._layers = Layers(jax, workload.network, patches, precision.dtype)
        # Not compiled whole: ResNet-20 took 16 s longer so on an H100, and no shorter on a CPU.
        self._weights = self._layers.initial(key)
        trained, _ = self._layers.parted(self._weights)
        self._slots = jax_optimizers.begin(workload.recipe.optimizer, jax, trained)
        self._updates = 0
        self._step = jax.jit(self._one_update)
        self._scan = jax.jit(self._one_epoch, donate_argnums=(0, 1))
        self._compiled_scan: Any = None
        self._judge = jax.jit(self._loss_and_wrong)

    def prepare(self, data: Arrays) -> None:
        """Pictures channels last, labels as class numbers; tuned, both on the device."""
        self._train = (data.train_inputs, data.train_labels.astype("int32"))
        self._test = (data.test_inputs, data.test_labels.astype("int32"))
        if self._tuned:
            self._train = self._jax.block_until_ready(self._jax.device_put(self._train))

    def handover(self) -> List[Any]:
        """As they are: height, width, inputs, filters, and inputs, units; channels last."""
        import numpy

        return [numpy.array(value) for value in self._weights]

    def compile(self) -> bool:
        """Compile the scan over an epoch ahead, where it is tuned; the update compiles lazily."""
        if not self._tuned:
            return False
        arguments = (self._weights, self._slots, self._key, self._updates, *self._train)
        self._compiled_scan = self._scan.lower(*arguments).compile()
        return True

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The training loop; returns the updates that the compiled code counted."""
        one_epoch = self._epoch_tuned if self._tuned else self._epoch
        for epoch in range(1, epochs + 1):
            lap_seen(epoch, one_epoch())
        self._jax.block_until_ready(self._weights)
        return int(self._updates)

    def _loss_and_wrong(self, weights: Any, inputs: Any, labels: Any, key: Any = None) -> Any:
        """Mean cross-entropy, number of errors, new statistics; without ``key`` as it is used."""
        jnp = self._jax.numpy
        logits, statistics = self._layers.logits(weights, inputs, key)
        out = self._jax.nn.log_softmax(logits)
        likely = jnp.take_along_axis(out, labels[..., None], axis=-1)
        return -likely.mean(), ((out.argmax(axis=-1) != labels).sum(), statistics)

    def _one_update(
        self, weights: Any, slots: Any, key: Any, update: Any, inputs: Any, labels: Any
    ) -> Any:
        """The gradients of a batch, and the step of the recipe's optimizer."""
        jax, optimizer = self._jax, self._workload.recipe.optimizer
        trained, statistics = self._layers.parted(weights)

        def loss_of(values: Any) -> Any:
            own = self._layers.joined(values, statistics)
            return self._loss_and_wrong(own, inputs, labels, jax.random.fold_in(key, update))

        (loss, (_, fresh)), gradients = self._precision.gradients(loss_of, trained)
        trained, slots = jax_optimizers.step(optimizer, jax, update, trained, slots, gradients)
        return self._layers.joined(trained, fresh), slots, update + 1, loss

    def _epoch(self) -> float:
        inputs, labels = self._train
        size, count = self._workload.recipe.batch_size, len(labels)
        order, losses = self._random.permutation(count), []
        for first in range(0, count, size):
            chosen = order[first : first + size]
            self._weights, self._slots, self._updates, loss = self._step(
                self._weights, self._slots, self._key, self._updates, inputs[chosen], labels[chosen]
            )
            losses.append((loss, len(chosen)))
        return sum(float(loss) * weight for loss, weight in losses) / count

    def _one_epoch(
        self, weights: Any, slots: Any, key: Any, update: Any, inputs: Any, labels: Any
    ) -> Any:
        """All batches of an epoch, the smaller last one after the scan over the others."""
        jax, count = self._jax, len(labels)
        size = self._workload.recipe.batch_size
        whole, rest = divmod(count, size)
        key, shuffle = jax.random.split(key)
        order = jax.random.permutation(shuffle, count)
        inputs, labels = inputs[order], labels[order]

        def step(state: Any, batch: Any) -> Any:
            *state, loss = self._one_update(state[0], state[1], key, state[2], *batch)
            return tuple(state), loss * len(batch[1])

        cut = [
            part[: whole * size].reshape(whole, size, *part.shape[1:]) for part in (inputs, labels)
        ]
        state, losses = jax.lax.scan(step, (weights, slots, update), tuple(cut))
        total = losses.sum()
        if rest:
            state, loss = step(state, (inputs[whole * size :], labels[whole * size :]))
            total += loss
        return (*state, key, total / count)

    def _epoch_tuned(self) -> float:
        arguments = (self._weights, self._slots, self._key, self._updates, *self._train)
        found = self._compiled_scan(*arguments)
        self._weights, self._slots, self._updates, self._key, loss = found
        return float(loss)

    def _batches(self, inputs: Any, labels: Any) -> Iterator[Tuple[Any, Any]]:
        size = self._workload.recipe.batch_size
        size = evaluation_batch.even(len(labels), size) if self._tuned else size
        for first in range(0, len(labels), size):
            yield inputs[first : first + size], labels[first : first + size]

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test inputs."""
        loss, wrong, count = 0.0, 0, len(self._test[1])
        for inputs, labels in self._batches(*self._test):
            mean, (errors, _) = self._judge(self._weights, inputs, labels)
            loss += float(mean) * len(labels)
            wrong += int(errors)
        return loss / count, wrong / self._test[1].size

    def attest(self) -> Tuple[str, Facts]:
        """Device of the weights."""
        device = jax_device.first(self._weights[0])
        traced = self._traced()
        facts = {
            "products_in": traced.products,
            "scattered_in": traced.scattered,
            "layout": "channels_last",
            "weights_on": str(device),
            "convolutions_as_products": self._layers.patches and self._workload.network.convolves,
            **lstm_code.facts(self._workload.network, lambda: "scan"),
        }
        return str(device.platform), facts

    def _traced(self) -> jax_products.Traced:
        """What an update consists of."""
        batch = [part[: self._workload.recipe.batch_size] for part in self._test]
        others = (self._slots, self._key, self._updates, *batch)
        return jax_products.traced(self._one_update, self._weights, *others)
