"""Runs in the theano gpu image, on the stand-in driver: what does Keras' graph compile to?

The runner's own backend builds and compiles the workload's train and test functions. Prints one
line of JSON: their operations, what the backend attests, and for each compiled module that reads
cudnn.h the cudnn functions that it calls.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
from pathlib import Path


def stand_in_handle() -> None:
    """cudnnCreate needs a GPU: once Theano's dnn module is there, a number takes its place."""
    import pygpu

    real = pygpu.init

    def init(*args, **options):
        dnn = sys.modules["theano.gpuarray.dnn"]
        dnn._make_handle = lambda context: ctypes.c_void_p(1)
        return real(*args, **options)

    pygpu.init = init


def main(job_file: str) -> None:
    from runner import libraries
    from runner.backends import loading
    from runner.contract.job import load_job
    from runner.workloads import lookup

    job = load_job(Path(job_file).read_text())
    backend = loading.load(job.backend)
    backend.configure(job)
    stand_in_handle()
    backend.start()
    trainer = backend.trainer(lookup.load(job.workload), job.seed)
    trainer.compile()
    operations = {
        "train": operations_of(trainer._model.train_function.function),
        "test": operations_of(trainer._model.test_function.function),
    }
    if job.settings.cudnn_enabled:
        operations["more"] = operations_of(more())
    device, facts = trainer.attest()
    packages, framework = backend.attest()
    mapped = libraries.mapped()
    found = {
        "attestation": {
            "python": platform.python_version(),
            "packages": packages,
            "device": device,
            "framework": {**facts, **framework},
            "libraries": mapped,
            "library_versions": libraries.versions(mapped),
        },
        "operations": operations,
        "calls": calls(),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)  # no destructors: they would hand the stand-in handle to the real cudnnDestroy


def operations_of(function) -> list:
    return sorted(type(node.op).__name__ for node in function.maker.fgraph.apply_nodes)


def more():
    """What other networks use of cuDNN: softmax, batch normalisation, algorithms chosen live."""
    import theano
    from theano.gpuarray import dnn

    kernels = [theano.shared(value, name) for name, value in _values()]
    image, filters, scale, bias = kernels
    out, mean, deviation = dnn.dnn_batch_normalization_train(image, scale, bias, "spatial")[:3]
    known = dnn.dnn_batch_normalization_test(image, scale, bias, scale, bias, "spatial")
    guessed = dnn.dnn_conv(image, filters, algo="guess_on_shape_change")
    soft = dnn.GpuDnnSoftmax("accurate", "channel")(image)
    cost = out.sum() + known.sum() + guessed.sum() + soft.sum() + mean.sum() + deviation.sum()
    return theano.function([], [*theano.grad(cost, kernels), cost])


def _values() -> list:
    import numpy

    shapes = {
        "image": (2, 3, 8, 8),
        "filters": (4, 3, 3, 3),
        "scale": (1, 3, 1, 1),
        "bias": (1, 3, 1, 1),
    }
    return [(name, numpy.ones(shape, dtype="float32")) for name, shape in shapes.items()]


def calls() -> dict:
    """Module of the compile cache to the cudnn functions that it leaves to libcudnn."""
    import theano

    found = {}
    for folder in Path(theano.config.compiledir).iterdir():
        source = folder / "mod.cpp"
        if not source.is_file() or "cudnn.h" not in source.read_text():
            continue
        (library,) = folder.glob("*.so")
        listing = subprocess.run(
            ["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True
        ).stdout
        names = {word.partition("@")[0] for word in listing.split() if word.startswith("cudnn")}
        found[folder.name] = sorted(names)
    return found


if __name__ == "__main__":
    main(sys.argv[1])
