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
from runner.networks.layers import Dropout
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
    backend.start()
    if job.settings.strategy == "mirrored":
        two_replicas(backend._tf)

    import numpy as np

    from runner.data.labelled import Arrays

    rng = np.random.RandomState(0)
    # No two pixels alike: where a maximum is not unique, tools may choose either.
    images = rng.uniform(high=0.3, size=(BATCH, 28, 28)).astype("float32")
    labels = rng.randint(0, workload.classes, BATCH).astype("int64")
    trainer = backend.trainer(workload, job.seed)
    trainer.prepare(Arrays(images, labels, images, labels))
    trainer.compile()
    before = [np.array(weight) for weight in trainer.weights()]
    losses: list[float] = []
    updates = trainer.fit(job.budget.count, lambda _, loss: losses.append(loss))
    after = [np.array(weight) for weight in trainer.weights()]
    _, facts = trainer.attest()
    wanted, wanted_losses = in_numpy(workload, before, images, labels, job.budget.count)
    print(
        json.dumps(
            {
                "updates": updates,
                "difference": largest(after, wanted),
                "moved": largest(after, before),
                "losses": losses,
                "losses_in_numpy": wanted_losses,
                "replicas": facts.get("replicas", 1),
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
    from numpy_network import stack

    layers = stack(workload.network, np.random.RandomState(0))
    for layer, (_, arrays) in zip(layers, workload.network.grouped(weights)):
        layer.start_from([value.astype("f8") for value in arrays])
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
