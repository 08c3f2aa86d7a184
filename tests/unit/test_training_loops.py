"""Loops of the backends that have their own, on stand-ins for the frameworks: each image once an
epoch, shuffled as the seed says, the smaller last batch too, and the device waited for."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest

from runner.backends.jax import jax_forward
from runner.backends.jax.jax_trainer import JaxTrainer
from runner.backends.keras.keras_trainer import KerasTrainer
from runner.backends.mxnet.gluon_trainer import GluonTrainer
from runner.backends.mxnet.mxnet import MXNet
from runner.backends.torch.torch import Torch
from runner.backends.torch.torch_trainer import TorchTrainer
from runner.networks.layers import Dropout
from runner.workloads import lookup

COUNT, BATCH = 300, 128
WORKLOAD = SimpleNamespace(
    recipe=SimpleNamespace(batch_size=BATCH, rate=lambda updates: 0.5),
    network=SimpleNamespace(input_type="float32"),
)


def bare(kind, **attributes):
    """A trainer without its constructor, which needs the framework."""
    made = kind.__new__(kind)
    for name, value in attributes.items():
        setattr(made, f"_{name}", value)
    return made


def seen_by(order):
    return lambda number, loss: order.append(("epoch", number, loss))


def test_jax_is_waited_for_at_the_end():
    """Its calls return before the device is done: without this, Time ends too early."""
    order = []
    trainer = bare(JaxTrainer, tuned=False, weights="w", updates=7)
    trainer._jax = SimpleNamespace(block_until_ready=lambda what: order.append(("ready", what)))
    trainer._epoch = lambda: 0.5
    assert trainer.fit(2, seen_by(order)) == 7
    assert order == [("epoch", 1, 0.5), ("epoch", 2, 0.5), ("ready", "w")]


def test_mxnet_is_waited_for_at_the_end():
    order = []
    trainer = bare(GluonTrainer, tuned=False)
    trainer._mx = SimpleNamespace(nd=SimpleNamespace(waitall=lambda: order.append("ready")))
    trainer._trainer = SimpleNamespace(optimizer=SimpleNamespace(num_update=7))
    trainer._epoch = lambda: 0.5
    assert trainer.fit(2, seen_by(order)) == 7
    assert order == [("epoch", 1, 0.5), ("epoch", 2, 0.5), "ready"]


def jax_epochs(seed, epochs=2):
    """The batches of a few epochs, and the losses."""
    batches = []

    def step(weights, speed, key, updates, images, labels):
        assert images.tolist() == (labels + 1000).tolist()
        batches.append(labels.tolist())
        return weights, speed, updates + 1, float(len(batches))

    trainer = bare(
        JaxTrainer, workload=WORKLOAD, weights=0, slots=0, key=0, updates=0, step=step,
        train=(np.arange(COUNT) + 1000, np.arange(COUNT)), random=np.random.RandomState(seed),
    )  # fmt: skip
    losses = [trainer._epoch() for _ in range(epochs)]
    assert trainer._updates == len(batches)
    return batches, losses


def test_an_epoch_of_jax_is_every_image_once_in_an_order_of_the_seed():
    batches, losses = jax_epochs(1)
    assert [len(batch) for batch in batches] == [128, 128, 44] * 2
    first, second = (list(chain(*batches[part : part + 3])) for part in (0, 3))
    assert sorted(first) == sorted(second) == list(range(COUNT))
    assert first != second
    assert first != sorted(first)
    assert jax_epochs(1)[0] == batches
    assert jax_epochs(2)[0] != batches
    assert losses[0] == pytest.approx((128 * 1 + 128 * 2 + 44 * 3) / COUNT)


def test_dropout_of_jax_keeps_a_share_and_scales_it():
    asked = []

    def bernoulli(key, share, shape):
        asked.append((key, share))
        return np.resize([True, False, True, True], shape)

    random = SimpleNamespace(bernoulli=bernoulli, split=lambda key: (key + 1, 10 * key))
    jax = SimpleNamespace(numpy=np, random=random)
    x = np.full((2, 4), 3.0)
    way = jax_forward.Pass(jax, False, 5)
    first = jax_forward.forward(Dropout(0.25), way, x, ())
    assert first == pytest.approx(np.asarray([[4.0, 0.0, 4.0, 4.0]] * 2))
    jax_forward.forward(Dropout(0.5), way, x, ())
    assert asked == [(50, 0.75), (60, 0.5)]  # each layer has a key of its own
    unused = jax_forward.forward(Dropout(0.25), jax_forward.Pass(jax, False, None), x, ())
    assert unused.tolist() == x.tolist()


def test_torch_is_seeded_and_its_loader_shuffles_and_drops_nothing():
    asked = {}

    def loader(dataset, **options):
        asked.update(options)
        return "the loader"

    data = SimpleNamespace(TensorDataset=lambda *parts: parts, DataLoader=loader)
    torch = SimpleNamespace(
        from_numpy=lambda part: SimpleNamespace(to=lambda device: part),
        utils=SimpleNamespace(data=data),
    )
    trainer = bare(TorchTrainer, torch=torch, workload=WORKLOAD, tuned=False, device="cpu")
    zeros = np.zeros((4, 28, 28))
    trainer.prepare(
        SimpleNamespace(
            train_inputs=zeros, train_labels=zeros, test_inputs=zeros, test_labels=zeros
        )
    )
    assert asked == {"batch_size": BATCH, "shuffle": True}
    assert trainer._loader == "the loader"


class Batch(list):
    """Labels or images on a device."""

    def to(self, device):
        return self

    as_in_context = to


def test_an_epoch_of_torch_takes_every_batch_of_the_loader():
    sizes = []
    trainer = bare(TorchTrainer, device="cpu")
    trainer._loader = [(Batch(range(size)), Batch(range(size))) for size in (128, 128, 44)]

    def step(images, labels):
        sizes.append(len(labels))
        return SimpleNamespace(item=lambda: float(len(sizes)))

    trainer._step = step
    assert trainer._epoch() == pytest.approx((128 * 1 + 128 * 2 + 44 * 3) / COUNT)
    assert sizes == [128, 128, 44]


def test_torch_trains_with_dropout_on():
    order = []
    precision = SimpleNamespace(left_out=lambda: 0)
    trainer = bare(TorchTrainer, tuned=False, updates=3, precision=precision)
    trainer._model = SimpleNamespace(train=lambda: order.append("train"))
    trainer._epoch = lambda: order.append("epoch") or 0.5
    assert trainer.fit(1, lambda *_: None) == 3
    assert order == ["train", "epoch"]


@pytest.mark.parametrize("seed", [1, 123])
def test_torch_and_mxnet_draw_from_the_jobs_seed(monkeypatch, make_result, seed):
    seeds = []
    monkeypatch.setattr("runner.backends.torch.torch.TorchTrainer", lambda *_: "trainer")
    monkeypatch.setattr("runner.backends.mxnet.mxnet.GluonTrainer", lambda *_: "trainer")
    torch, mxnet, job = Torch(), MXNet(), make_result().job
    torch._job, mxnet._job, workload = job, job, lookup.of(job)
    torch._processes, torch._device = None, SimpleNamespace(type="cpu")
    torch._tuned = mxnet._tuned = False
    torch._torch = SimpleNamespace(manual_seed=seeds.append)
    mxnet._mx = SimpleNamespace(random=SimpleNamespace(seed=seeds.append))
    mxnet._context = "cpu"
    assert (torch.trainer(workload, seed), mxnet.trainer(workload, seed)) == ("trainer",) * 2
    assert seeds == [seed, seed]
    assert np.random.randint(10**9) == np.random.RandomState(seed).randint(10**9)


def test_the_iterator_of_mxnet_shuffles_and_what_it_repeats_is_cut_off():
    asked, sizes = {}, []

    def iterator(images, labels, batch_size, **options):
        asked.update(options, batch_size=batch_size)

    nd = SimpleNamespace(array=lambda part, ctx, dtype="float32": part, waitall=lambda: None)
    mx = SimpleNamespace(nd=nd, io=SimpleNamespace(NDArrayIter=iterator))
    trainer = bare(GluonTrainer, mx=mx, context="cpu", tuned=False, workload=WORKLOAD)
    zeros = np.zeros((4, 28, 28))
    trainer.prepare(
        SimpleNamespace(
            train_inputs=zeros, train_labels=zeros, test_inputs=zeros, test_labels=zeros
        )
    )
    assert asked == {"batch_size": BATCH, "shuffle": True}

    class Iterator(list):
        def reset(self):
            sizes.append("reset")

    class Cut(Batch):
        def __getitem__(self, part):
            return Cut(list(self)[part])

    trainer._iterator = Iterator(
        SimpleNamespace(data=[Cut(range(128))], label=[Cut(range(128))], pad=pad)
        for pad in (0, 0, 84)
    )

    def step(images, labels):
        assert list(images) == list(labels)
        sizes.append(len(labels))
        return SimpleNamespace(sum=lambda: SimpleNamespace(asscalar=lambda: 2.0 * len(labels)))

    trainer._step = step
    assert trainer._epoch() == 2.0
    assert sizes == ["reset", 128, 128, 44]


def test_keras_fits_as_its_users_do():
    """Its ``fit`` shuffles and takes the last batch unless told otherwise."""
    asked, seen = {}, []

    class Model:
        def fit(self, callbacks, **options):
            asked.update(options)
            callbacks[0].on_epoch_end(0, {"loss": 0.25})

    trainer = bare(KerasTrainer, model=Model(), workload=WORKLOAD, train_x="x", train_y="y")
    trainer.keras = SimpleNamespace(callbacks=SimpleNamespace(Callback=object))
    trainer._iterations = lambda: 7
    assert trainer.fit(3, lambda *epoch: seen.append(epoch)) == 7
    assert asked == {"x": "x", "y": "y", "batch_size": BATCH, "epochs": 3, "verbose": 0}
    assert seen == [(1, 0.25)]
