"""Run with Keras 3 on JAX: in which format the gradients of an embedding are added.

    python keras_jax_scatter.py PRECISION

Prints for ``as_written`` and ``tuned`` what an update of a small GPT scatters and multiplies in;
and what two products of float32 count as, the second of which rounds to bfloat16 by its algorithm.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile

import numpy

from runner.backends.jax import jax_products
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
    numbers, rounds = numpy.ones((2, 2), "float32"), jax.lax.DotAlgorithmPreset.BF16_BF16_F32
    told["of_float32"] = [
        jax_products.traced(product, numbers, numbers).products
        for product in (jax.lax.dot, functools.partial(jax.lax.dot, precision=rounds))
    ]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
