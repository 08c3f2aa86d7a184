"""Run with Keras 3 on JAX: in which format the gradients of an embedding are added.

    python keras_jax_scatter.py PRECISION

Prints for ``as_written`` and ``tuned`` what an update of a small GPT scatters and multiplies in.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

import numpy

from runner.backends.keras import keras_precision
from runner.backends.keras.keras3_jax_trainer import ScanningTrainer, TrainerOnJax
from runner.data.arrays import Arrays
from runner.workloads import lookup


def main():
    """Build both trainers, and trace a step of each; nothing is trained."""
    os.environ.update(KERAS_BACKEND="jax", KERAS_HOME=tempfile.mkdtemp())
    import jax
    import keras

    keras_precision.choose(keras, sys.argv[1])
    workload = lookup.load("gpt-shakespeare-small")
    texts = numpy.zeros((workload.recipe.batch_size, *workload.network.input_shape), "int32")
    trainers = {
        "as_written": TrainerOnJax(keras, workload),
        "tuned": ScanningTrainer(jax, keras, workload, seed=1, as_products=False),
    }
    told = {}
    for name, trainer in trainers.items():
        trainer.prepare(Arrays(texts, texts, texts, texts))
        trainer._model.optimizer.build(trainer._model.trainable_variables)
        trainer._model.test_on_batch(texts[:1], texts[:1])
        traced = trainer._traced()
        told[name] = {"scattered": traced.scattered, "products": traced.products}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
