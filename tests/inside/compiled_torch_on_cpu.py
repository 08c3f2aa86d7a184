"""Run with PyTorch: a job's runner, whose steps go through what ``torch.compile`` traced and split.

    python compiled_torch_on_cpu.py JOB_DIR

What compiles the graphs is left out, since it needs a compiler, and so are CUDA graphs. The graphs
themselves, of both directions, are those that a GPU gets.
"""

from __future__ import annotations

import runpy
import sys

from runner.backends.torch import torch_compiler, torch_products
from runner.backends.torch.torch_trainer import TorchTrainer

INIT = TorchTrainer.__init__


def compiled(trainer, *words):
    """Made as on a GPU, for which its sixth word would be that it is captured."""
    INIT(trainer, *words[:6], True)


def traced(own, graph, inputs):
    """The graph of each direction as it is."""
    from functorch.compile import make_boxed_func
    from torch._dynamo.backends.common import aot_autograd

    def kept(part, _):
        own._products += torch_products.of_graph(part)
        return make_boxed_func(part.forward)

    return aot_autograd(fw_compiler=kept, bw_compiler=kept)(graph, inputs)


def step(trainer, inputs, labels, weight=1.0):
    """As within a CUDA graph: the compiled loss."""
    trainer._stepper.clear()
    loss = trainer._compiled(inputs, labels, weight)
    trainer._stepper.step(loss, trainer._updates)
    trainer._updates += 1
    return loss.detach()


if __name__ == "__main__":
    TorchTrainer.__init__, TorchTrainer._step = compiled, step
    torch_compiler.Compiled._backend = traced
    sys.argv = ["runner", sys.argv[1]]
    runpy.run_module("runner", run_name="__main__")
