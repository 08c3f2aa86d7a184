"""Layers and loss of Keras 3 in PyTorch's own loop, as keras.io's guide to PyTorch has it.

The optimizer and the CUDA graph of a whole step are PyTorch's. Keras' own optimizer cannot be
within one: SGD hands PyTorch its rate as a number, for which the host waits for the GPU.
Source: keras.io, "Multi-GPU distributed training with PyTorch", whose loop has ``torch.optim``.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.keras.keras3_torch_trainer import TrainerOfTensors
from runner.backends.torch import torch_optimizers
from runner.backends.torch.torch_compiler import Compiled
from runner.backends.torch.torch_graph import GraphedEpoch
from runner.backends.torch.torch_optimizers import Stepper
from runner.backends.torch.torch_precision import TorchPrecision
from runner.workloads.network_workload import NetworkWorkload

_ASKED_VARIABLE = "BENCHDL_KERAS_LOOP"


def is_asked() -> bool:
    """Whether the variant is the one that trains so."""
    return os.environ.get(_ASKED_VARIABLE) == "torch"


class TrainerInTorchsLoop(TrainerOfTensors):
    """Epochs whose every step is the replay of one CUDA graph, of kernels that were fused."""

    def __init__(
        self, torch: Any, keras: Any, workload: NetworkWorkload, precision: TorchPrecision
    ) -> None:
        """``precision`` scales a loss of float16; which products are in it is Keras' policy's."""
        super().__init__(torch, keras, workload)
        self._precision, self._updates = precision, 0
        compiled = fused(torch, self.loss_of)
        recipe, stepper = workload.recipe, stepper_of(torch, self._model, workload, precision)
        self._epoch = GraphedEpoch(
            torch, lambda inputs, labels, _: compiled(inputs, labels), self._model, stepper, recipe
        )

    def compile(self) -> bool:
        """Compile and capture; no weight changes, nor a statistic."""
        self._model.train()
        with self.statistics_kept():
            self.loss_of(self._train_x[:1], self._train_y[:1])  # Keras builds its loss by itself
        self._epoch.capture(self._train_x, self._train_y)
        return True

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The loop; the loss is read after each epoch, as Keras' own ``fit`` does."""
        self._model.train()
        for epoch in range(1, epochs + 1):
            self._updates, total = self._epoch.run(self._updates)
            lap_seen(epoch, float(total) / len(self._train_y))
        return self._updates - self._precision.left_out()

    def attest(self) -> Tuple[str, Facts]:
        """How it trained; the products are those of the same layers, watched."""
        device, found = super().attest()
        return device, {**found, **FACTS}


FACTS: Facts = {"torch_compile": "inductor", "cuda_graphs": True}


def fused(torch: Any, function: Callable[..., Any]) -> Compiled:
    """``function`` compiled; Keras' own Python has parts that PyTorch leaves out, in branches."""
    return Compiled(torch, function, whole=False)


def stepper_of(
    torch: Any, model: Any, workload: NetworkWorkload, precision: TorchPrecision
) -> Stepper:
    """PyTorch's optimizer of the recipe, within a CUDA graph."""
    trained = [variable.value for variable in model.trainable_variables]
    return torch_optimizers.stepper(workload.recipe.optimizer, torch, trained, precision, True)
