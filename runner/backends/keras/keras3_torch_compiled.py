"""Keras 3 on PyTorch in the loop of keras.io's guide for it, what it calls compiled by PyTorch.

Layers and loss are one function of ``torch.compile``, their way back another; CUDA graphs start all
of it at once. The optimizer stays Keras' own.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.keras.keras3_torch_layers import traceable
from runner.backends.keras.keras3_torch_trainer import TrainerOfTensors
from runner.backends.torch import torch_compiler
from runner.networks.layers import LSTM
from runner.networks.network import Network
from runner.workloads.network_workload import NetworkWorkload

_WARM_UP = 3


def fits(network: Network) -> bool:
    """Keras loops over the time of an LSTM in Python, which would be unrolled step by step."""
    return not any(isinstance(layer, LSTM) for layer, _ in network.leaves())


def options() -> Dict[str, Any]:
    """Of ``torch.compile``: fused kernels where there is a compiler for them, else graphs alone.

    Source: PyTorch documentation, "torch.compile" and "torch.compiler": both run in CUDA graphs.
    """
    fused = torch_compiler.is_there()
    return {"mode": "reduce-overhead"} if fused else {"backend": "cudagraphs"}


class CompiledTrainer(TrainerOfTensors):
    """The data on the device, shuffled there; the loss is read after each epoch, as ``fit`` does.

    Where PyTorch cannot compile the model it is trained by ``fit``, and why is attested.
    """

    def __init__(
        self, torch: Any, keras: Any, workload: NetworkWorkload, how: Dict[str, Any]
    ) -> None:
        """``how`` are options of ``torch.compile``."""
        self._how, self._refused = how, "compile() was not called"
        super().__init__(torch, keras, workload, traceable(torch, keras.layers))

    def compile(self) -> bool:
        """For whole batches, and for an epoch's smaller last one; no weight changes."""
        self._model.optimizer.build(self._model.trainable_variables)
        with self.statistics_kept():
            self._try()
        return not self._refused

    def _try(self) -> None:
        """Compile, or keep why not."""
        model = self._model
        try:
            model.train()
            self.loss_of(self._train_x[:1], self._train_y[:1])  # Keras builds its loss by itself
            self._compiled = self._torch.compile(self.loss_of, dynamic=False, **self._how)
            for count in self._batch_sizes():
                for _ in range(_WARM_UP):
                    self._way_back(self._train_x[:count], self._train_y[:count])
            self._refused = ""
        except Exception as error:  # of its many parts each has its own
            self._refused = torch_compiler.refusal(error)
        model.zero_grad()

    def _batch_sizes(self) -> Tuple[int, ...]:
        size, count = self._workload.recipe.batch_size, len(self._train_x)
        return tuple(dict.fromkeys(filter(None, (min(size, count), count % size))))

    def _way_back(self, inputs: Any, labels: Any) -> Any:
        """Gradients of a batch, in the variables; returns its loss."""
        self._model.zero_grad()  # those of the step before lie where this one's graphs write
        self._torch.compiler.cudagraph_mark_step_begin()
        loss = self._compiled(inputs, labels)
        self._model.optimizer.scale_loss(loss).backward()
        return loss.detach()

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The loop."""
        if self._refused:
            return super().fit(epochs, lap_seen)
        torch, model, (inputs, labels) = self._torch, self._model, (self._train_x, self._train_y)
        variables = model.trainable_variables
        model.train()
        for epoch in range(1, epochs + 1):
            total = torch.zeros((), device=inputs.device)
            order = torch.randperm(len(inputs), device=inputs.device)
            for rows in order.split(self._workload.recipe.batch_size):
                total += self._way_back(inputs[rows], labels[rows]) * len(rows)
                with torch.no_grad():
                    gradients = [variable.value.grad for variable in variables]
                    model.optimizer.apply(gradients, variables)
            lap_seen(epoch, float(total) / len(inputs))
        return self._iterations()

    def attest(self) -> Tuple[str, Facts]:
        """How it was compiled, or why not."""
        device, found = super().attest()
        how: Optional[str] = None if self._refused else str(self._how)
        return device, {**found, "torch_compile": how, "not_compiled": self._refused or None}
