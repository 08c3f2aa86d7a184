"""Gluon by hand, after MXNet's MNIST tutorial."""

import os
import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
if args.device == "cpu":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

mx.random.seed(args.seed)
np.random.seed(args.seed)
context = mx.gpu(0) if args.device == "gpu" else mx.cpu()
(x, y), (test_x, test_y) = mnist(args)
train = mx.io.NDArrayIter(x[:, None], y, BATCH, shuffle=True)
net = nn.HybridSequential()
net.add(
    nn.Conv2D(32, 4, activation="relu"),
    nn.MaxPool2D(2),
    nn.Conv2D(16, 3, activation="relu"),
    nn.MaxPool2D(2),
    nn.Dropout(0.2),
    nn.Flatten(),
    nn.Dense(128, activation="relu"),
    nn.Dense(64, activation="relu"),
    nn.Dense(10),
)
net.initialize(mx.init.Xavier(), ctx=context)
net.hybridize()
cross_entropy = gluon.loss.SoftmaxCrossEntropyLoss()


class Decay(mx.lr_scheduler.LRScheduler):
    def __call__(self, num_update):
        return RATE / (1 + DECAY * (num_update - 1))


sgd = mx.optimizer.SGD(momentum=MOMENTUM, lr_scheduler=Decay(RATE))
trainer = gluon.Trainer(net.collect_params(), sgd)
start = time.monotonic()
for _ in range(args.epochs):
    train.reset()
    total = 0.0
    for batch in train:
        images, labels = batch.data[0], batch.label[0]
        if batch.pad:
            images, labels = images[: -batch.pad], labels[: -batch.pad]
        images, labels = images.as_in_context(context), labels.as_in_context(context)
        with autograd.record():
            loss = cross_entropy(net(images), labels)
        loss.backward()
        trainer.step(len(labels))
        total += loss.sum().asscalar()
mx.nd.waitall()
fit_s = time.monotonic() - start
wrong = 0
for first in range(0, len(test_x), 500):
    out = net(mx.nd.array(test_x[first : first + 500, None], ctx=context))
    wrong += (out.argmax(axis=1).asnumpy() != test_y[first : first + 500]).sum()
report(fit_s, sgd.num_update, wrong / len(test_x))
