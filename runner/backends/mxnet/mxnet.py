"""Backend ``mxnet``: Gluon on MXNet 1.9.1, the last release, with the loop that its users write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from runner.backends.base import EpochSeen
from runner.backends.mxnet import mxnet_gpu
from runner.contract.job import Job
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool
from runner.networks.layout import from_outputs_first
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays


class MXNet:
    """Gluon, channels first: MXNet's default layout.

    As written, the loop is that of Gluon's own MNIST tutorial: ``NDArrayIter`` over arrays in
    memory, and the loss read on the host after each batch. Tuned, the data are on the device and
    nothing is read before the end of an epoch.
    """

    def configure(self, job: Job) -> None:
        """Device visibility, engine, memory pool, TF32 and threads are environment variables."""
        self._tuned = job.settings.mode == "tuned"
        threads = job.threads
        if job.device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
            if self._tuned:
                # Without a device to keep busy, MXNet's scheduling of operators ahead only costs.
                os.environ["MXNET_ENGINE_TYPE"] = "NaiveEngine"
                threads = threads or _cores()
        else:
            mxnet_gpu.configure(job)
        if threads:  # MXNet's own default is half of the cores
            os.environ["OMP_NUM_THREADS"] = str(threads)

    def start(self, job: Job) -> None:
        """Import MXNet."""
        import mxnet

        self._mx = mxnet
        if job.device == "gpu":
            self._context = mxnet_gpu.first(mxnet)
        else:
            self._context = mxnet.cpu()

    def build(self, job: Job, workload: Workload) -> int:
        """Translate the network; Glorot's uniform initialiser, as the recipe has it."""
        import numpy

        self._mx.random.seed(job.seed)
        numpy.random.seed(job.seed)
        self._workload = workload
        gluon = self._mx.gluon
        net = gluon.nn.HybridSequential()
        for layer in workload.network.layers:
            net.add(_translate(gluon.nn, layer))
        # Xavier's defaults are Glorot's: uniform, factor_type "avg", magnitude 3; biases are 0.
        net.initialize(self._mx.init.Xavier(), ctx=self._context)
        height, width, channels = workload.network.input_shape
        net(self._mx.nd.zeros((1, channels, height, width), ctx=self._context))  # sizes the layers
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        options = {"static_alloc": True, "static_shape": True} if self._tuned else {}
        net.hybridize(**options)
        if self._tuned:
            loss.hybridize(**options)
        self._net, self._loss = net, loss
        self._trainer = gluon.Trainer(net.collect_params(), self._sgd())
        return sum(int(value.size) for value in self._values())

    def _sgd(self) -> Any:
        """The recipe's SGD: MXNet's momentum is Keras'; the learning rate falls by a scheduler."""
        mx, recipe = self._mx, self._workload.recipe

        class Decay(mx.lr_scheduler.LRScheduler):  # type: ignore[name-defined,misc]
            def __call__(self, num_update: int) -> float:  # MXNet counts updates from 1
                return recipe.rate(num_update - 1)

        return mx.optimizer.SGD(
            learning_rate=recipe.learning_rate,
            momentum=recipe.momentum,
            lr_scheduler=Decay(base_lr=recipe.learning_rate),
        )

    def _values(self) -> List[Any]:
        parameters = self._net.collect_params().values()
        return [value.data(self._context).asnumpy() for value in parameters]

    def prepare(self, data: Arrays) -> None:
        """Images to float32 (n, 1, h, w), labels as class numbers."""
        nd, context = self._mx.nd, self._context
        train, test = (data.train_images[:, None], data.test_images[:, None])
        self._test = (nd.array(test, ctx=context), nd.array(data.test_labels, ctx=context))
        if self._tuned:
            self._train = (nd.array(train, ctx=context), nd.array(data.train_labels, ctx=context))
        else:
            self._iterator = self._mx.io.NDArrayIter(
                train, data.train_labels, self._workload.recipe.batch_size, shuffle=True
            )
        nd.waitall()

    def weights(self) -> List[Any]:
        """Gluon has outputs and channels first."""
        return from_outputs_first(self._workload.network, self._values())

    def compile(self) -> bool:
        """A hybridised network is traced at its first call: part of the first epoch."""
        return False

    def fit(self, epochs: int, epoch_seen: EpochSeen) -> int:
        """The training loop of Gluon's users; returns the updates that the optimiser counted."""
        one_epoch = self._epoch_tuned if self._tuned else self._epoch
        for epoch in range(1, epochs + 1):
            epoch_seen(epoch, one_epoch())
        self._mx.nd.waitall()
        return int(self._trainer.optimizer.num_update)

    def _step(self, images: Any, labels: Any) -> Any:
        with self._mx.autograd.record():
            loss = self._loss(self._net(images), labels)
        loss.backward()
        self._trainer.step(len(labels))
        return loss

    def _epoch(self) -> float:
        total, seen = 0.0, 0
        self._iterator.reset()
        for batch in self._iterator:
            images, labels = batch.data[0], batch.label[0]
            if batch.pad:  # the iterator fills the last batch up with images it has had
                images, labels = images[: -batch.pad], labels[: -batch.pad]
            images = images.as_in_context(self._context)
            labels = labels.as_in_context(self._context)
            total += float(self._step(images, labels).sum().asscalar())
            seen += len(labels)
        return total / seen

    def _epoch_tuned(self) -> float:
        import numpy

        mx, (images, labels) = self._mx, self._train
        order = mx.nd.array(numpy.random.permutation(len(labels)), ctx=self._context)
        total = mx.nd.zeros(1, ctx=self._context)
        for some, wanted in self._batches(mx.nd.take(images, order), mx.nd.take(labels, order)):
            total += self._step(some, wanted).sum()
        return float(total.asscalar()) / len(labels)

    def _batches(self, images: Any, labels: Any) -> Iterator[Tuple[Any, Any]]:
        size = self._workload.recipe.batch_size
        for first in range(0, len(labels), size):
            yield images[first : first + size], labels[first : first + size]

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test images."""
        loss, wrong, count = 0.0, 0.0, len(self._test[1])
        for images, labels in self._batches(*self._test):
            out = self._net(images)
            loss += float(self._loss(out, labels).sum().asscalar())
            wrong += float((out.argmax(axis=1) != labels).sum().asscalar())
        return loss / count, wrong / count

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Where the parameters are, live versions, and what MXNet says of itself."""
        import numpy

        device = next(iter(self._net.collect_params().values())).list_data()[0].context
        facts: Dict[str, Any] = {
            "layout": "channels_first",
            "weights_on": str(device),
            "engine": os.environ.get("MXNET_ENGINE_TYPE", "ThreadedEnginePerDevice"),
            "omp_threads": os.environ.get("OMP_NUM_THREADS"),
            "features": sorted(f.name for f in self._mx.runtime.Features().values() if f.enabled),
        }
        on_gpu = str(device.device_type) == "gpu"
        if on_gpu:
            facts.update(mxnet_gpu.facts(self._mx))
        wheel = "mxnet-cu112" if self._mx.runtime.Features().is_enabled("CUDA") else "mxnet"
        versions = {wheel: self._mx.__version__, "numpy": numpy.__version__}
        return ("gpu" if on_gpu else "cpu"), versions, facts


def _cores() -> int:
    """Cores that this process may use, without the second thread of each."""
    import psutil

    allowed = len(os.sched_getaffinity(0))
    return min(allowed, psutil.cpu_count(logical=False) or allowed)


def _translate(nn: Any, layer: Layer) -> Any:
    if isinstance(layer, Conv):
        return nn.Conv2D(layer.filters, layer.kernel, activation=layer.activation)
    if isinstance(layer, MaxPool):
        return nn.MaxPool2D(layer.size, layer.size)
    if isinstance(layer, Dropout):
        return nn.Dropout(layer.rate)
    if isinstance(layer, Flatten):
        return nn.Flatten()
    if isinstance(layer, Dense):
        # Softmax is in the loss, as Gluon's users have it.
        return nn.Dense(layer.units, None if layer.activation == "softmax" else layer.activation)
    raise TypeError(f"Gluon has no translation of {type(layer).__name__} yet")


def create() -> MXNet:
    """The backend that the trainer drives."""
    return MXNet()
