"""A backend for tests: the real network, trained in plain NumPy, and ways to misbehave.

``--set environment.DUMMY_MODE=...`` chooses one of ``MODES``; without it the job is an honest one.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

from runner.contract import Failure, Result
from runner.libraries import cudnn_version
from runner.workloads.network import Conv, Dense, Dropout, Flatten, MaxPool

MODES = ("crash", "exit0", "invalid-json", "wrong-id", "newer", "huge", "hang", "memory", "lazy")


class Layer:
    """One layer: keeps what backward needs, and its weights with their momentum."""

    def __init__(self, spec, shape, rng):
        import numpy as np

        self.np, self.spec, self.rng = np, spec, rng
        self.weights = []
        if isinstance(spec, Conv):
            (kh, kw), (h, w, c) = spec.kernel, shape
            fan = kh * kw * c, kh * kw * spec.filters
            self.out = (h - kh + 1, w - kw + 1, spec.filters)
        elif isinstance(spec, Dense):
            fan, self.out = (shape[0], spec.units), (spec.units,)
        elif isinstance(spec, MaxPool):
            self.out = (shape[0] // 2, shape[1] // 2, shape[2])
        else:
            self.out = (int(np.prod(shape)),) if isinstance(spec, Flatten) else shape
        if isinstance(spec, (Conv, Dense)):
            limit = (6 / sum(fan)) ** 0.5
            size = (fan[0], self.out[-1])
            self.weights = [rng.uniform(-limit, limit, size), np.zeros(self.out[-1])]
            self.weights = [value.astype("float32") for value in self.weights]
            self.speed = [np.zeros_like(value) for value in self.weights]

    def forward(self, x, training):
        np, spec = self.np, self.spec
        if isinstance(spec, (Conv, Dense)):
            if isinstance(spec, Conv):
                kh, kw = spec.kernel
                view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))
                self.shape = x.shape
                x = view.transpose(0, 1, 2, 4, 5, 3).reshape(*view.shape[:3], -1)
            self.x = x
            z = x @ self.weights[0] + self.weights[1]
            if spec.activation == "softmax":
                z = np.exp(z - z.max(axis=1, keepdims=True))
                return z / z.sum(axis=1, keepdims=True)
            self.mask = z > 0
            return z * self.mask
        if isinstance(spec, MaxPool):
            self.shape, (h, w, c) = x.shape, self.out
            blocks = x[:, : 2 * h, : 2 * w].reshape(len(x), h, 2, w, 2, c)
            best = blocks.max(axis=(2, 4))
            self.mask = blocks == best[:, :, None, :, None]
            return best
        if isinstance(spec, Dropout) and training:
            keep = 1 - spec.rate
            self.mask = (self.rng.uniform(size=x.shape) < keep).astype("float32") / np.float32(keep)
            return x * self.mask
        self.shape = x.shape
        return x.reshape(len(x), -1) if isinstance(spec, Flatten) else x

    def backward(self, d):
        np, spec = self.np, self.spec
        if isinstance(spec, (Conv, Dense)):
            if spec.activation == "relu":
                d = d * self.mask
            flat, ins = d.reshape(-1, d.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
            self.gradients = [ins.T @ flat, flat.sum(axis=0)]
            d = d @ self.weights[0].T
            if isinstance(spec, Conv):
                kh, kw = spec.kernel
                n, oh, ow = d.shape[:3]
                d = d.reshape(n, oh, ow, kh, kw, -1)
                dx = np.zeros(self.shape, "float32")
                for i in range(kh):
                    for j in range(kw):
                        dx[:, i : i + oh, j : j + ow] += d[:, :, :, i, j]
                return dx
            return d
        if isinstance(spec, MaxPool):
            h, w, _ = self.out
            dx = np.zeros(self.shape, "float32")
            spread = (d[:, :, None, :, None] * self.mask).reshape(len(d), 2 * h, 2 * w, -1)
            dx[:, : 2 * h, : 2 * w] = spread
            return dx
        return d * self.mask if isinstance(spec, Dropout) else d.reshape(self.shape)

    def update(self, rate, momentum):
        for i, gradient in enumerate(self.gradients):
            self.speed[i] = momentum * self.speed[i] - rate * gradient
            self.weights[i] = self.weights[i] + self.speed[i]


class Dummy:
    def configure(self, job):
        self.mode = os.environ.get("DUMMY_MODE", "")
        self.job = job
        if self.mode == "crash":
            sys.stderr.write("the dummy was told to crash\n")
            sys.stderr.flush()
            os._exit(3)

    def start(self, job):
        import numpy

        self.np = numpy
        self.cudnn, self.cudnn_problem = None, None
        if job.device == "gpu" and job.settings.cudnn_enabled:
            try:  # whichever the loader finds, and on without it where it finds none, as tools do
                self.cudnn = ctypes.CDLL("libcudnn.so.8")
            except OSError as error:
                self.cudnn_problem = str(error)

    def build(self, job, workload):
        self.rng, self.workload = self.np.random.RandomState(job.seed), workload
        self.layers, shape = [], workload.network.input_shape
        for spec in workload.network.layers:
            self.layers.append(Layer(spec, shape, self.rng))
            shape = self.layers[-1].out
        return sum(value.size for layer in self.layers for value in layer.weights)

    def prepare(self, data):
        self.x, self.y = data.train_images[..., None], self.np.eye(10)[data.train_labels]
        self.test_x, self.test_y = data.test_images[..., None], data.test_labels

    def compile(self):
        return False

    def fit(self, epochs, epoch_seen):
        if "DUMMY_CLOCK_FILE" in os.environ:  # the stub driver's clock starts with the training
            Path(os.environ["DUMMY_CLOCK_FILE"]).touch()
        misbehave(self.mode, self.job)
        recipe, updates, np = self.workload.recipe, 0, self.np
        for epoch in range(1, epochs + 1):
            order, losses = self.rng.permutation(len(self.x)), []
            for first in range(0, len(order), recipe.batch_size):
                chosen = order[first : first + recipe.batch_size]
                out = self._forward(self.x[chosen], True)
                losses.append(-np.log(out[self.y[chosen] > 0] + 1e-7).mean())
                d = ((out - self.y[chosen]) / len(chosen)).astype("float32")
                for layer in reversed(self.layers):
                    d = layer.backward(d)
                rate = recipe.learning_rate / (1 + recipe.decay * updates)
                for layer in self.layers:
                    if layer.weights and self.mode != "lazy":
                        layer.update(rate, recipe.momentum)
                updates += 1
            epoch_seen(epoch, float(np.mean(losses)))
        return updates

    def _forward(self, x, training):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def evaluate(self):
        out = self.np.concatenate(
            [
                self._forward(self.test_x[i : i + 500], False)
                for i in range(0, len(self.test_x), 500)
            ]
        )
        hit = out[self.np.arange(len(out)), self.test_y]
        wrong = (out.argmax(axis=1) != self.test_y).mean()
        return float(-self.np.log(hit + 1e-7).mean()), float(wrong)

    def attest(self):
        # NumPy knows no GPU: what it says of a GPU job is for tests on the stub driver.
        facts = {"layout": "channels_last"}
        if self.job.device == "gpu":
            facts.update(self._in_theanos_words())
        return self.job.device, {"numpy": self.np.__version__}, facts

    def _in_theanos_words(self):
        """What Theano would say of its convolutions, with the cuDNN that was found or without."""
        found = self.cudnn is not None
        return {
            "cudnn_version": cudnn_version(self.cudnn.cudnnGetVersion()) if found else None,
            "cudnn_convolutions": found,
            "cudnn_operations": {"GpuDnnConv": 2} if found else {},
            "convolutions": {"GpuDnnConv" if found else "GpuCorrMM": 2},
            "dnn_message": self.cudnn_problem,
        }


def misbehave(mode, job):
    """End or stay as ``mode`` says; these are the ways in which a runner can go wrong."""
    file = Path(sys.argv[1]) / "result.json"
    text = None
    if mode == "hang":
        time.sleep(3600)
    elif mode == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(os.urandom(2**20) * 16))
    elif mode == "invalid-json":
        text = '{"schema_version": 1, "run_id": '
    elif mode == "wrong-id":
        other = job.model_copy(update={"run_id": "20200101t000000z-other-cpu-00000000"})
        text = Result(
            run_id=other.run_id,
            status="failed",
            started_at="",
            finished_at="",
            job=other,
            failure=Failure(reason="none", message="none"),
        ).model_dump_json()
    elif mode == "newer":
        text = '{"schema_version": 99, "run_id": "x"}'
    elif mode == "huge":
        text = '{"padding": "' + "x" * 100 * 2**20 + '"}'
    if text is not None:
        file.write_text(text)
    if text is not None or mode == "exit0":
        os._exit(0)


def create():
    return Dummy()
