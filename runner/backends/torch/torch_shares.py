"""What one rank of PyTorch takes of each epoch."""

from __future__ import annotations

from typing import Any, Iterator, List

from runner.backends.common import shares


class TorchShares:
    """Its part of each batch of a shuffled order, which all ranks draw from one seed.

    As a batch sampler of a DataLoader it gives row numbers. ``orders`` draws those orders, on the
    device on which they are wanted.
    """

    def __init__(self, torch: Any, device: Any, seed: int, batch_size: int) -> None:
        """``device`` is where orders are drawn."""
        self._torch, self._device, self._size = torch, device, batch_size
        self.rank = torch.distributed.get_rank()
        self.ranks = torch.distributed.get_world_size()
        self.orders = torch.Generator(device).manual_seed(seed)
        self.samples = 0

    def order(self) -> Any:
        """The order of the next epoch: the same in all ranks."""
        return self._torch.randperm(self.samples, generator=self.orders, device=self._device)

    def parts(self) -> Iterator[shares.Part]:
        """What this rank takes of each batch of an epoch."""
        return shares.of_epoch(self.samples, self._size, self.rank, self.ranks)

    def mean(self, total: Any, device: Any) -> float:
        """The mean loss over an epoch, the same for all ranks.

        Args:
            total: the sum over this rank's parts of loss times weight times samples of the batch.
            device: where ranks exchange it.
        """
        every = self._torch.as_tensor(total, dtype=self._torch.float32, device=device).clone()
        self._torch.distributed.all_reduce(every)
        return float(every) / int(self.ranks) / self.samples

    def __iter__(self) -> Iterator[List[int]]:
        order = self.order().tolist()
        for part in self.parts():
            yield order[part.first : part.stop]
