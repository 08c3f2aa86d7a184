"""Three updates of one backend beside the same three in NumPy: ``python step.py JOB_JSON``.

Runs inside an image or a local environment. One batch, no dropout, and a learning rate that falls
steeply, so that momentum and decay show. Prints one JSON line.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from runner.backends import loading
from runner.contract.job import load_job
from runner.networks.layers import Conv, Dense, Dropout
from runner.workloads import lookup

BATCH = 128


def main() -> None:
    job = load_job(Path(sys.argv[1]).read_text())
    whole = lookup.load(job.workload)
    layers = tuple(
        Dropout(0.0) if isinstance(layer, Dropout) else layer for layer in whole.network.layers
    )
    workload = replace(
        whole,
        network=replace(whole.network, layers=layers),
        recipe=replace(whole.recipe, batch_size=BATCH, decay=0.5),
    )
    backend = loading.load(job.backend)
    backend.configure(job)
    backend.start(job)
    if job.settings.strategy == "mirrored":
        two_replicas(backend._tf)

    import numpy as np

    from runner.datasets import Arrays

    rng = np.random.RandomState(0)
    # No two pixels alike: where a maximum is not unique, tools may choose either.
    images = rng.uniform(high=0.3, size=(BATCH, 28, 28)).astype("float32")
    labels = rng.randint(0, workload.classes, BATCH).astype("int64")
    backend.build(job, workload)
    backend.prepare(Arrays(images, labels, images, labels))
    backend.compile()
    before = [np.array(weight) for weight in backend.weights()]
    losses: list[float] = []
    updates = backend.fit(job.epochs, lambda _, loss: losses.append(loss))
    after = [np.array(weight) for weight in backend.weights()]
    wanted, wanted_losses = in_numpy(workload, before, images, labels, job.epochs)
    print(
        json.dumps(
            {
                "updates": updates,
                "difference": largest(after, wanted),
                "moved": largest(after, before),
                "losses": losses,
                "losses_in_numpy": wanted_losses,
                "replicas": getattr(backend, "_replicas", 1),
            }
        )
    )


def two_replicas(tensorflow):
    """Make the strategy that takes all GPUs take two halves of the CPU instead."""
    config, strategies = tensorflow.config, tensorflow.distribute
    (cpu,) = config.list_physical_devices("CPU")
    config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration()] * 2)
    real = strategies.MirroredStrategy
    strategies.MirroredStrategy = lambda: real(["CPU:0", "CPU:1"])


def in_numpy(workload, weights, images, labels, epochs):
    """The weights after ``epochs`` updates on the one batch, and each update's loss."""
    import numpy as np
    from numpy_network import Layer

    rng, shape, given = np.random.RandomState(0), workload.network.input_shape, iter(weights)
    layers = []
    for spec in workload.network.layers:
        layer = Layer(spec, shape, rng)
        if isinstance(spec, (Conv, Dense)):
            pair = [next(given), next(given)]
            layer.weights = [value.reshape(old.shape).astype("f8") for value, old in
                             zip(pair, layer.weights)]  # fmt: skip
            layer.speed = [np.zeros_like(value) for value in layer.weights]
        layers.append(layer)
        shape = layer.out
    truth, losses = np.eye(workload.classes)[labels], []
    for update in range(epochs):
        out = images[..., None].astype("f8")
        for layer in layers:
            out = layer.forward(out, True)
        losses.append(float(-np.log(out[truth > 0]).mean()))
        error = (out - truth) / len(labels)
        for layer in reversed(layers):
            error = layer.backward(error)
        recipe = workload.recipe
        for layer in layers:
            if layer.weights:
                rate = recipe.learning_rate / (1 + recipe.decay * update)
                layer.update(rate, recipe.momentum)
    return [value for layer in layers for value in layer.weights], losses


def largest(some, others):
    """The largest difference between two lists of weights."""
    return float(max(abs(a.reshape(-1) - b.reshape(-1)).max() for a, b in zip(some, others)))


if __name__ == "__main__":
    main()
