"""One rank of Keras 3 on PyTorch: DistributedDataParallel around its model.

The loop is that of keras.io's guide to several GPUs with PyTorch, the update that of its guide to
loops of one's own: the loss, the optimizer and the layers are Keras'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.keras import keras3_torch_seeds
from runner.backends.keras.keras3_torch_trainer import TrainerOnTorch
from runner.backends.torch import torch_group
from runner.backends.torch.torch_shares import TorchShares
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class RankOfKeras(TrainerOnTorch):
    """A process' loop over its share of each batch; tuned, the data is on the device.

    Statistics of batches are each rank's own, and so is what is dropped.
    """

    def __init__(
        self,
        torch: Any,
        keras: Any,
        device: Any,
        workload: NetworkWorkload,
        tuned: bool,
        seed: int,
        classes: Any = None,
    ) -> None:
        """Make the model and hand its weights round: all ranks at the same time.

        ``classes`` are those of the layers, if not in ``keras.layers``.
        """
        self._torch, self._device, self._tuned = torch, device, tuned
        super().__init__(keras, workload, channels_first=tuned, classes=classes)
        self._variables = self._model.trainable_variables
        self._model.optimizer.build(self._variables)
        self._parallel = self.parallel()
        keras3_torch_seeds.apart(torch, self._model, seed, torch.distributed.get_rank())
        where = device if tuned else "cpu"
        self._shares = TorchShares(torch, where, seed, workload.recipe.batch_size)

    def parallel(self) -> Any:
        """What computes a part of a batch, and exchanges gradients on its way back."""
        return torch_group.parallel(self._torch, self._model, self._device)

    def prepare(self, data: Arrays) -> None:
        """All samples, of which this rank takes its part."""
        super().prepare(data)
        torch = self._torch
        self._shares.samples = len(data.train_labels)
        train = [torch.from_numpy(array) for array in (self._train_x, self._train_y)]
        if self._tuned:
            self._train = [part.to(self._device) for part in train]
        else:
            utils = torch.utils.data
            self._loader = utils.DataLoader(utils.TensorDataset(*train), batch_sampler=self._shares)

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The loop; the loss is read after each epoch, as ``fit`` does."""
        self._model.train()
        for epoch in range(1, epochs + 1):
            total = self._torch.zeros((), device=self._device)
            for part, (inputs, labels) in zip(self._shares.parts(), self._batches()):
                total += self._step(inputs, labels, part.weight) * part.batch
            lap_seen(epoch, self._shares.mean(total, self._device))
        return self._iterations()

    def _batches(self) -> Any:
        if not self._tuned:
            device = self._device
            return ((inputs.to(device), labels.to(device)) for inputs, labels in self._loader)
        (inputs, labels), order = self._train, self._shares.order()
        rows = (order[part.first : part.stop] for part in self._shares.parts())
        return ((inputs[some], labels[some]) for some in rows)

    def _step(self, inputs: Any, labels: Any, weight: float) -> Any:
        out = self._parallel(inputs, training=True)
        loss = self._model.compute_loss(inputs, labels, out) * weight
        self._model.zero_grad()
        optimizer = self._model.optimizer
        optimizer.scale_loss(loss).backward()  # of float16: all ranks have one scale
        with self._torch.no_grad():
            gradients = [variable.value.grad for variable in self._variables]
            optimizer.apply(gradients, self._variables)
        return loss.detach()

    def attest(self) -> Tuple[str, Facts]:
        """As one rank does, and what the ranks exchanged by."""
        device, found = super().attest()
        return device, {**found, **torch_group.facts(self._torch)}
