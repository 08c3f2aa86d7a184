"""One rank of PyTorch's DistributedDataParallel, as its tutorial has it: a process each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple

from runner.backends.base import Facts
from runner.backends.torch import torch_group
from runner.backends.torch.torch_graph import GraphedEpoch
from runner.backends.torch.torch_shares import TorchShares
from runner.backends.torch.torch_trainer import TorchTrainer
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class RankOfTorch(TorchTrainer):
    """The loop of one process, over its share of each batch.

    Statistics of batches and what is dropped are each rank's own: PyTorch's defaults. Tuned on GPUs
    what it exchanges is within its CUDA graphs.
    """

    def __init__(
        self, seed: int, torch: Any, device: Any, workload: NetworkWorkload, *others: Any
    ) -> None:
        """Make the model and hand its weights round: all ranks at the same time.

        What comes behind ``seed`` is that of a trainer without ranks.
        """
        super().__init__(torch, device, workload, *others)
        self._alone = self._model
        self._model = torch_group.parallel(torch, self._alone, device, captured=self._graphed)
        where = device if self._tuned else "cpu"
        self._shares = TorchShares(torch, where, seed, workload.recipe.batch_size)
        torch.manual_seed(seed + torch.distributed.get_rank())  # what it drops

    def prepare(self, data: Arrays) -> None:
        """All samples, of which the loader takes this rank's."""
        super().prepare(data)
        self._shares.samples = len(data.train_labels)
        if not self._tuned:
            self._loader = self._torch.utils.data.DataLoader(
                self._loader.dataset, batch_sampler=self._shares
            )

    def _graphed_epoch(self) -> GraphedEpoch:
        own, recipe = self._shares, self._workload.recipe
        return GraphedEpoch(
            self._torch, self._loss_of, self._model, self._stepper, recipe,
            own.rank, own.ranks, own.orders,
        )  # fmt: skip

    def _epoch(self) -> float:
        total = 0.0
        for part, (inputs, labels) in zip(self._shares.parts(), self._loader):
            loss = self._step(inputs.to(self._device), labels.to(self._device), part.weight)
            total += loss.item() * part.batch
        return self._shares.mean(total, self._device)

    def _epoch_tuned(self) -> float:
        if self._graphed:
            self._updates, total = self._epoch_on_gpu.run(self._updates)
            return self._shares.mean(total, self._device)
        (inputs, labels), order = self._train, self._shares.order()
        total = self._torch.zeros((), device=self._device)
        for part in self._shares.parts():
            rows = order[part.first : part.stop]
            total += self._step(inputs[rows], labels[rows], part.weight) * part.batch
        return self._shares.mean(total, self._device)

    def evaluate(self) -> Tuple[float, float]:
        """The model without what ranks exchange: the others do not take part."""
        self._model = self._alone
        return super().evaluate()

    def attest(self) -> Tuple[str, Facts]:
        """As one rank does, by itself, and what the ranks exchanged by."""
        self._model = self._alone
        device, found = super().attest()
        return device, {**found, **torch_group.facts(self._torch)}
