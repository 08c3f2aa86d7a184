"""Layers and loss of Keras 3 in PyTorch's own loop, as keras.io's guide to PyTorch has it.

The optimizer and the CUDA graph of a whole step are PyTorch's. Keras' own optimizer cannot be
within one: SGD hands PyTorch its rate as a number, for which the host waits for the GPU; variant
``keras-optimizer`` has it all the same.
Source: keras.io, "Multi-GPU distributed training with PyTorch", whose loop has ``torch.optim``.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Optional, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.keras.keras3_torch_layers import traceable
from runner.backends.keras.keras3_torch_trainer import TrainerOfTensors
from runner.backends.torch import torch_compiler, torch_optimizers
from runner.backends.torch.torch_compiler import Compiled
from runner.backends.torch.torch_graph import GraphedEpoch
from runner.backends.torch.torch_optimizers import Stepper
from runner.backends.torch.torch_precision import TorchPrecision
from runner.workloads.network_workload import NetworkWorkload

_LOOP_VARIABLE = "BENCHDL_KERAS_LOOP"


def is_left_out() -> bool:
    """Whether the variant is the one that trains by Keras' own optimizer."""
    return os.environ.get(_LOOP_VARIABLE) == "keras"


class Fused:
    """A loss by kernels that were fused, of the whole, or of what PyTorch can follow of it.

    Where neither can be the loss is as it is.
    """

    def __init__(self, torch: Any, loss_of: Callable[[Any, Any], Any]) -> None:
        self._torch, self._loss_of, self._now = torch, loss_of, loss_of
        self._how: Optional[str] = None
        self._refused: Optional[str] = None
        if not torch_compiler.is_there():
            self._refused = "there is no C compiler"

    def __call__(self, inputs: Any, labels: Any) -> Any:
        """The mean loss of these samples."""
        return self._now(inputs, labels)

    def attempt(self, inputs: Any, labels: Any) -> None:
        """Compile it for so many samples, on its way back as well; nothing where it is refused."""
        if self._refused:
            return
        for how, whole in (("inductor", True), ("inductor, in parts", False)):
            compiled = Compiled(self._torch, self._loss_of, whole)
            try:
                compiled(inputs, labels).backward()
            except Exception as error:  # of its many parts each has its own
                self._refused = torch_compiler.refusal(error)
                continue
            if compiled.graphs:
                self._now, self._how = compiled, how
                return
            self._refused = "PyTorch compiled nothing of it"

    def facts(self) -> Facts:
        """How a step was compiled, and why not, or not whole."""
        return {"torch_compile": self._how, "not_compiled": self._refused, "cuda_graphs": True}


def stepper_of(
    torch: Any, model: Any, workload: NetworkWorkload, precision: TorchPrecision
) -> Stepper:
    """PyTorch's optimizer of the recipe, within a CUDA graph."""
    trained = [variable.value for variable in model.trainable_variables]
    return torch_optimizers.stepper(workload.recipe.optimizer, torch, trained, precision, True)


class TrainerInTorchsLoop(TrainerOfTensors):
    """Epochs whose every step is the replay of one CUDA graph, of kernels that were fused."""

    def __init__(
        self, torch: Any, keras: Any, workload: NetworkWorkload, precision: TorchPrecision
    ) -> None:
        """``precision`` scales a loss of float16; which products are in it is Keras' policy's."""
        super().__init__(torch, keras, workload, traceable(torch, keras.layers))
        self._precision, self._updates = precision, 0
        self._fused = Fused(torch, self.loss_of)
        recipe, stepper = workload.recipe, stepper_of(torch, self._model, workload, precision)
        self._epoch = GraphedEpoch(
            torch,
            lambda inputs, labels, _: self._fused(inputs, labels),
            self._model,
            stepper,
            recipe,
        )

    def compile(self) -> bool:
        """Compile and capture; no weight changes, nor a statistic."""
        self._model.train()
        size, (inputs, labels) = self._workload.recipe.batch_size, (self._train_x, self._train_y)
        with self.statistics_kept():
            self.loss_of(inputs[:1], labels[:1])  # Keras builds its loss by itself
            self._fused.attempt(inputs[:size], labels[:size])
        self._model.zero_grad()
        self._epoch.capture(inputs, labels)
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
        return device, {**found, **self._fused.facts()}
