"""A network as Gluon trains it: the block, the loop, the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.common import lstm_code
from runner.backends.mxnet import gluon_layers, gluon_optimizers, gluon_precision
from runner.networks.layout import channels_first, from_outputs_first, shape_channels_first
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class GluonTrainer:
    """Gluon, channels first: MXNet's default layout.

    As written, the loop is that of Gluon's own MNIST tutorial: ``NDArrayIter`` over arrays in
    memory, and the loss read on the host after each batch. Tuned, the data are on the device and
    nothing is read before the end of an epoch.
    """

    def __init__(self, mx: Any, context: Any, workload: NetworkWorkload, tuned: bool) -> None:
        self._mx, self._context, self._workload, self._tuned = mx, context, workload, tuned
        gluon, network = mx.gluon, workload.network
        net = gluon_layers.sequence(mx, network.layers, network.input_shape)
        net.initialize(ctx=context)
        first = (1, *shape_channels_first(network.input_shape))
        net(mx.nd.zeros(first, ctx=context))  # sizes the layers
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        options = {"static_alloc": True, "static_shape": True} if tuned else {}
        net.hybridize(**options)
        if tuned:
            loss.hybridize(**options)
        self._net, self._loss = net, loss
        self._trainer = gluon.Trainer(
            net.collect_params(), gluon_optimizers.translated(workload.recipe.optimizer, mx)
        )

    def _values(self) -> List[Any]:
        every = self._net.collect_params().values()
        kept = [value for value in every if gluon_layers.is_stated(value)]
        return [value.data(self._context).asnumpy() for value in kept]

    def prepare(self, data: Arrays) -> None:
        """Pictures channels first, labels as class numbers."""
        nd, context = self._mx.nd, self._context
        train, test = channels_first(data.train_inputs), channels_first(data.test_inputs)
        kind = self._workload.network.input_type
        self._test = (
            nd.array(test, context, kind), nd.array(data.test_labels, ctx=context)
        )  # fmt: skip
        if self._tuned:
            self._train = (
                nd.array(train, context, kind), nd.array(data.train_labels, ctx=context)
            )  # fmt: skip
        else:
            self._iterator = self._mx.io.NDArrayIter(
                train, data.train_labels, self._workload.recipe.batch_size, shuffle=True
            )
        nd.waitall()

    def handover(self) -> List[Any]:
        """Gluon has outputs and channels first."""
        return from_outputs_first(self._workload.network, self._values())

    def compile(self) -> bool:
        """A hybridised network is traced at its first call: part of the first epoch."""
        return False

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The training loop of Gluon's users; returns the updates that the optimiser counted."""
        one_epoch = self._epoch_tuned if self._tuned else self._epoch
        for epoch in range(1, epochs + 1):
            lap_seen(epoch, one_epoch())
        self._mx.nd.waitall()
        return int(self._trainer.optimizer.num_update)

    def _step(self, inputs: Any, labels: Any) -> Any:
        with self._mx.autograd.record():
            loss = self._loss(self._net(inputs), labels)
        loss.backward()
        self._trainer.step(len(labels))
        return loss

    def _epoch(self) -> float:
        total, seen = 0.0, 0
        self._iterator.reset()
        for batch in self._iterator:
            inputs, labels = batch.data[0], batch.label[0]
            if batch.pad:  # the iterator fills the last batch up with inputs it has had
                inputs, labels = inputs[: -batch.pad], labels[: -batch.pad]
            loss = self._step(self._placed(inputs), self._placed(labels))
            total += float(loss.sum().asscalar())
            seen += len(labels)
        return total / seen

    def _placed(self, array: Any) -> Any:
        """What the iterator gives, on the device."""
        return array.as_in_context(self._context)

    def _epoch_tuned(self) -> float:
        import numpy

        mx, (inputs, labels) = self._mx, self._train
        order = mx.nd.array(numpy.random.permutation(len(labels)), ctx=self._context)
        total = mx.nd.zeros(1, ctx=self._context)
        for some, wanted in self._batches(mx.nd.take(inputs, order), mx.nd.take(labels, order)):
            total += self._step(some, wanted).sum()
        return float(total.asscalar()) / len(labels)

    def _batches(self, inputs: Any, labels: Any) -> Iterator[Tuple[Any, Any]]:
        size = self._workload.recipe.batch_size
        for first in range(0, len(labels), size):
            yield inputs[first : first + size], labels[first : first + size]

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test inputs."""
        loss, wrong, count = 0.0, 0.0, len(self._test[1])
        for inputs, labels in self._batches(*self._test):
            out = self._net(inputs)
            loss += float(self._loss(out, labels).sum().asscalar())
            wrong += float((out.argmax(axis=1) != labels).sum().asscalar())
        return loss / count, wrong / count

    def attest(self) -> Tuple[str, Facts]:
        """Where the parameters are."""
        device = next(iter(self._net.collect_params().values())).list_data()[0].context
        features = self._mx.runtime.Features()
        fused = "cudnn" if device.device_type == "gpu" and features.is_enabled("CUDNN") else "rnn"
        facts = {
            "products_in": gluon_precision.formats(self._mx, self._net),
            "layout": "channels_first",
            "weights_on": str(device),
            # Gluon's layer is one operation, which is cuDNN's wherever MXNet was built with it.
            **lstm_code.facts(self._workload.network, lambda: fused),
        }
        return ("gpu" if str(device.device_type) == "gpu" else "cpu"), facts
