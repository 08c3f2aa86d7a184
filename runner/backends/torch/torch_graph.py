"""PyTorch's training step as a CUDA graph: the host starts it, and does nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Tuple

from runner.backends.common import shares
from runner.backends.common.shares import Part
from runner.backends.torch.torch_optimizers import Stepper
from runner.networks.recipe import Recipe

_WARM_UP, _WARM_UP_OF_RANKS = 3, 11  # steps before a capture: PyTorch's notes on CUDA graphs


@contextmanager
def aside(torch: Any) -> Iterator[None]:
    """On a stream of its own, between what is on the present one: what precedes a capture."""
    side, present = torch.cuda.Stream(), torch.cuda.current_stream()
    side.wait_stream(present)
    with torch.cuda.stream(side):
        yield
    present.wait_stream(side)


class GraphedEpoch:
    """Epochs whose every step is the replay of one CUDA graph: the host only starts them.

    The graph holds all of a step: choosing the batch from the shuffled order, forward, backward,
    update, and counting. One graph is for whole batches, one for an epoch's smaller last one. Of a
    job that ranks share it holds what they exchange as well.
    """

    def __init__(
        self,
        torch: Any,
        loss_of: Callable[[Any, Any, float], Any],
        model: Any,
        stepper: Stepper,
        recipe: Recipe,
        rank: int = 0,
        ranks: int = 1,
        orders: Any = None,
    ) -> None:
        """Make it of one rank among ``ranks``.

        Args:
            torch: PyTorch.
            loss_of: inputs, labels and what they count; it goes through ``model``.
            model: what is trained.
            stepper: how.
            recipe: in which batches.
            rank: which part of each batch is taken.
            ranks: among how many it is shared.
            orders: the generator of orders that all ranks have alike; None is PyTorch's own.
        """
        self._torch, self._loss_of, self._model = torch, loss_of, model
        self._stepper, self._recipe = stepper, recipe
        self._rank, self._ranks, self._orders = rank, ranks, orders

    def capture(self, inputs: Any, labels: Any) -> None:
        """Warm up and capture the graphs; no weight changes, nor a statistic.

        Args:
            inputs: float32 (n, ...) on the GPU, pictures channels first.
            labels: int64 (n,) on the GPU.
        """
        torch, size, device = self._torch, self._recipe.batch_size, labels.device
        self._images, self._labels = inputs, labels
        self._order = torch.arange(len(labels), device=device)
        self._offsets = torch.arange(size, device=device)
        self._cursor = torch.zeros((), dtype=torch.int64, device=device)
        self._update = torch.zeros((), dtype=torch.float32, device=device)
        self._total = torch.zeros((), dtype=torch.float32, device=device)
        self._model.train()
        buffers = list(self._model.buffers())
        before = [buffer.clone() for buffer in buffers]
        whole, rest = divmod(len(labels), size)
        self._steps = [
            (self._graph(part), times)
            for count, times in ((size, whole), (rest, 1))
            if count * times
            for part in shares.of_epoch(count, count, self._rank, self._ranks)
        ]
        for buffer, value in zip(buffers, before):
            buffer.copy_(value)

    def _graph(self, part: Part) -> Any:
        torch = self._torch
        first = {name: value.clone() for name, value in self._model.state_dict().items()}
        with aside(torch):
            for _ in range(_WARM_UP if self._ranks == 1 else _WARM_UP_OF_RANKS):
                self._cursor.zero_()
                self._step(part)
            self._begin_again(first)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(part)
        return graph

    def _begin_again(self, first: Dict[str, Any]) -> None:
        """Weights as they were before the warm-up, in place, and nothing kept beside them."""
        torch = self._torch
        with torch.no_grad():
            for name, value in self._model.state_dict().items():
                value.copy_(first[name])
        self._stepper.forget()

    def _step(self, part: Part) -> None:
        chosen = self._order[self._cursor + self._offsets[part.first : part.stop]]
        self._stepper.clear()
        loss = self._loss_of(self._images[chosen], self._labels[chosen], part.weight)
        self._stepper.step(loss, self._update)
        self._total += loss.detach() * part.batch
        self._cursor += part.batch
        self._update += 1

    def run(self, updates: int) -> Tuple[int, Any]:
        """One epoch after ``updates`` updates.

        Returns:
            Their number after it, and the sum of losses times samples, on the GPU: of this rank.
        """
        torch = self._torch
        torch.randperm(len(self._labels), generator=self._orders, out=self._order)
        self._cursor.zero_()
        self._update.fill_(updates)
        self._total.zero_()
        for graph, times in self._steps:
            for _ in range(times):
                graph.replay()
                updates += 1
        return updates, self._total
