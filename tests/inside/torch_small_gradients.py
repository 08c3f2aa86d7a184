"""Run with PyTorch: updates in float16 by a gradient that only the loss's scale saves.

    python torch_small_gradients.py

Prints by how much of itself each update is wrong: of PyTorch's own scaler, and of the one of CUDA
graphs.
"""

from __future__ import annotations

import json
import sys

import torch

from runner.backends.torch.torch_optimizers import stepper
from runner.backends.torch.torch_precision import TorchPrecision
from runner.networks.optimizers import SGD

GRADIENT = 7e-8
"""Below 2**-14, float16's smallest that is exact, by a little less than the scale of 1,024."""
RATE = 1e-3


def wrong(captured):
    weight = torch.zeros(1, requires_grad=True)
    precision = TorchPrecision(torch, weight.device, "float16", captured)
    steps = stepper(SGD(learning_rate=RATE, momentum=0.9), torch, [weight], precision, captured)
    loss = weight.half().float().sum() * GRADIENT
    steps.step(loss, torch.tensor(0) if captured else 0)
    return abs(weight.item() / (-RATE * GRADIENT) - 1)


sys.stdout.write(json.dumps([wrong(captured=False), wrong(captured=True)]) + "\n")
