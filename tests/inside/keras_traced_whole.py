"""Run with Keras 3 on PyTorch: what PyTorch's compiler sees of a workload's layers and loss.

    python keras_traced_whole.py [--own] WORKLOAD...

Prints a line of JSON for each: the loss of four samples and the sum of its gradients' sizes, by
Keras' own layers, by those that can be traced, and by the graphs that these are traced to. With
``--own`` it tells besides how many graphs Keras' own layers are traced to, as far as they are.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

from runner.backends.keras.keras3_torch_layers import traceable
from runner.backends.keras.keras3_torch_trainer import TrainerOfTensors
from runner.workloads import lookup

SAMPLES = 4
OWN = sys.argv[1] == "--own"
NAMES = sys.argv[1 + OWN :]


def batch(workload):
    """Inputs of the network's type, one-hot labels."""
    shape = (SAMPLES, *keras.ops.shape(keras.Input(workload.network.input_shape))[1:])
    if "int" in workload.network.input_type:
        inputs = torch.randint(0, 20, shape)
    else:
        inputs = torch.randn(shape)
        if len(shape) == 4:
            inputs = inputs.permute(0, 3, 1, 2).contiguous()
    labels = torch.randint(0, workload.classes, (SAMPLES,))
    return inputs, torch.nn.functional.one_hot(labels, workload.classes).float()


def trainer(workload, classes):
    """With the same weights each time, and nothing dropped."""
    keras.utils.set_random_seed(1)
    made = TrainerOfTensors(torch, keras, workload, classes)
    for layer in made._model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    made._model.train()
    return made


def told(made, loss_of, given):
    """The loss, and the sum of its gradients' sizes."""
    made._model.zero_grad()
    loss = loss_of(*given)
    loss.backward()
    sizes = (variable.value.grad.abs().sum() for variable in made._model.trainable_variables)
    return [float(loss.detach()), float(sum(sizes))]


def noted(graphs):
    """What compiles nothing, and notes what it is given."""

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    return backend


keras.config.set_image_data_format("channels_first")
for name in NAMES:
    torch._dynamo.reset()
    workload = lookup.load(name)
    given = batch(workload)
    plain, own = trainer(workload, None), trainer(workload, traceable(torch, keras.layers))
    found = {
        "plain": told(plain, plain.loss_of, given),
        "traceable": told(own, own.loss_of, given),
    }
    graphs = []
    whole = torch.compile(own.loss_of, dynamic=False, fullgraph=True, backend=noted(graphs))
    found["whole"] = told(own, whole, given)
    found["graphs"] = len(graphs)
    if OWN:
        graphs = []
        parts = torch.compile(plain.loss_of, dynamic=False, backend=noted(graphs))
        told(plain, parts, given)
        found["graphs_of_keras"] = len(graphs)
    sys.stdout.write(json.dumps(found) + "\n")
