"""One rank of Keras 3 in PyTorch's own loop: a whole step of it, exchange and all, in a CUDA graph.

DistributedDataParallel is around what was compiled, so that the gradients are exchanged once a step
has them all. Source: PyTorch documentation, "DDP and torch.compile" (``optimize_ddp``), and its
notes on CUDA graphs.
"""

from __future__ import annotations

from typing import Any, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.keras.keras3_torch_layers import traceable
from runner.backends.keras.keras3_torch_loop import Fused, stepper_of
from runner.backends.keras.keras3_torch_ranks import RankOfKeras
from runner.backends.torch import torch_group
from runner.backends.torch.torch_graph import GraphedEpoch, aside
from runner.backends.torch.torch_precision import TorchPrecision
from runner.workloads.network_workload import NetworkWorkload


class RankInTorchsLoop(RankOfKeras):
    """Epochs of replays over this rank's share of each batch."""

    def __init__(
        self,
        torch: Any,
        keras: Any,
        device: Any,
        workload: NetworkWorkload,
        seed: int,
        precision: TorchPrecision,
    ) -> None:
        """Make the model and hand its weights round: all ranks at the same time.

        ``precision`` scales a loss of float16; which products are in it is Keras' policy's.
        """
        classes = traceable(torch, keras.layers)
        super().__init__(torch, keras, device, workload, True, seed, classes)
        self._precision, self._updates = precision, 0
        own, recipe = self._shares, workload.recipe
        stepper = stepper_of(torch, self._model, workload, precision)
        self._epoch = GraphedEpoch(
            torch, self._weighted, self._model, stepper, recipe, own.rank, own.ranks, own.orders
        )

    def parallel(self) -> Any:
        """The loss of a part of a batch, with the mean of all ranks' gradients behind it."""
        torch, model = self._torch, self._model
        torch._dynamo.config.optimize_ddp = False  # else it cuts the graph for each exchange
        compiled = self._fused = Fused(torch, self.loss_of)

        class Loss(torch.nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.model = model  # whose weights are exchanged

            def forward(self, inputs: Any, labels: Any) -> Any:
                return compiled(inputs, labels)

        return torch_group.parallel(torch, Loss(), self._device, captured=True)

    def _weighted(self, inputs: Any, labels: Any, weight: float) -> Any:
        return self._parallel(inputs, labels) * weight

    def compile(self) -> bool:
        """Compile and capture; no weight changes, nor a statistic."""
        self._model.train()
        own = next(iter(self._shares.parts()))
        with self.statistics_kept():
            self.loss_of(*(part[:1] for part in self._train))  # Keras builds its loss by itself
            with aside(self._torch):
                # Outside of DistributedDataParallel, which exchanges nothing for it.
                self._fused.attempt(*(part[own.first : own.stop] for part in self._train))
        self._model.zero_grad()
        self._epoch.capture(*self._train)
        return True

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The loop; the loss is read after each epoch, as ``fit`` does."""
        self._model.train()
        for epoch in range(1, epochs + 1):
            self._updates, total = self._epoch.run(self._updates)
            lap_seen(epoch, self._shares.mean(total, self._device))
        return self._updates - self._precision.left_out()

    def attest(self) -> Tuple[str, Facts]:
        """How it trained; the products are those of the same layers, watched."""
        device, found = super().attest()
        return device, {**found, **self._fused.facts()}
