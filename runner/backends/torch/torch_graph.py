"""PyTorch's training step as a CUDA graph: the host starts it, and does nothing else."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from runner.backends.torch.torch_optimizers import Stepper
from runner.networks.recipe import Recipe

_WARM_UP = 3  # steps before a capture: PyTorch's notes on CUDA graphs


class GraphedEpoch:
    """Epochs whose every step is the replay of one CUDA graph: the host only starts them.

    The graph holds all of a step: choosing the batch from the shuffled order, forward, backward,
    update, and counting. One graph is for whole batches, one for an epoch's smaller last one.
    """

    def __init__(
        self,
        torch: Any,
        loss_of: Callable[[Any, Any], Any],
        model: Any,
        stepper: Stepper,
        recipe: Recipe,
    ) -> None:
        """``loss_of`` inputs and labels goes through ``model``."""
        self._torch, self._loss_of, self._model = torch, loss_of, model
        self._stepper, self._recipe = stepper, recipe

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
            (self._graph(count), times)
            for count, times in ((size, whole), (rest, 1))
            if count * times
        ]
        for buffer, value in zip(buffers, before):
            buffer.copy_(value)

    def _graph(self, count: int) -> Any:
        torch = self._torch
        first = {name: value.clone() for name, value in self._model.state_dict().items()}
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                self._cursor.zero_()
                self._step(count)
            self._begin_again(first)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(count)
        return graph

    def _begin_again(self, first: Dict[str, Any]) -> None:
        """Weights as they were before the warm-up, in place, and nothing kept beside them."""
        torch = self._torch
        with torch.no_grad():
            for name, value in self._model.state_dict().items():
                value.copy_(first[name])
        self._stepper.forget()

    def _step(self, count: int) -> None:
        chosen = self._order[self._cursor + self._offsets[:count]]
        self._stepper.clear()
        loss = self._loss_of(self._images[chosen], self._labels[chosen])
        self._stepper.step(loss, self._update)
        self._total += loss.detach() * count
        self._cursor += count
        self._update += 1

    def run(self, updates: int) -> Tuple[int, float]:
        """One epoch after ``updates`` updates: their number after it, and its mean loss."""
        torch, count = self._torch, len(self._labels)
        torch.randperm(count, out=self._order)
        self._cursor.zero_()
        self._update.fill_(updates)
        self._total.zero_()
        for graph, times in self._steps:
            for _ in range(times):
                graph.replay()
                updates += 1
        return updates, float(self._total) / count
