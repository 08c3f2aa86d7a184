"""A network as PyTorch trains it: the model, the loop, the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.common import lstm_code
from runner.backends.torch import torch_graph, torch_layers, torch_optimizers, torch_products
from runner.backends.torch.torch_compiler import Compiled
from runner.backends.torch.torch_precision import TorchPrecision
from runner.networks.layout import channels_first, from_outputs_first
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class TorchTrainer:
    """A plain loop over a ``torch.nn.Sequential``, channels first: PyTorch's default layout.

    As written: a DataLoader over a TensorDataset, each batch moved to the device, its loss read on
    the host. Tuned: the data on the device, shuffled there, nothing read before the end of an
    epoch; with ``graphed`` each step is one CUDA graph, with ``compiled`` of fused kernels.
    """

    def __init__(
        self,
        torch: Any,
        device: Any,
        workload: NetworkWorkload,
        precision: TorchPrecision,
        tuned: bool,
        graphed: bool,
        compiled: bool = False,
    ) -> None:
        self._torch, self._device, self._workload = torch, device, workload
        self._precision, self._tuned, self._graphed = precision, tuned, graphed
        network = workload.network
        model = torch_layers.sequence(torch.nn, network.layers, network.input_shape)
        self._model = model.to(device)
        torch_layers.initialise(torch.nn, network, torch_layers.tensors(self._model))
        self._loss = _cross_entropy(torch)
        self._stepper = torch_optimizers.stepper(
            workload.recipe.optimizer, torch, list(self._model.parameters()), precision, graphed
        )
        self._compiled = Compiled(torch, self._loss_of) if compiled else None
        self._updates = 0

    def prepare(self, data: Arrays) -> None:
        """Pictures channels first, labels as class numbers; tuned, both on the device."""
        torch, size = self._torch, self._workload.recipe.batch_size
        train, test = [
            (torch.from_numpy(channels_first(inputs)), torch.from_numpy(labels))
            for inputs, labels in (
                (data.train_inputs, data.train_labels),
                (data.test_inputs, data.test_labels),
            )
        ]
        self._test = [part.to(self._device) for part in test]
        if self._tuned:
            self._train = [part.to(self._device) for part in train]
        else:
            dataset = torch.utils.data.TensorDataset(*train)
            self._loader = torch.utils.data.DataLoader(dataset, batch_size=size, shuffle=True)

    def handover(self) -> List[Any]:
        """PyTorch has outputs and channels first."""
        kept = torch_layers.tensors(self._model)
        values = [value.detach().cpu().numpy() for value in kept]
        return [value.copy() for value in from_outputs_first(self._workload.network, values)]

    def compile(self) -> bool:
        """Capture the training step as CUDA graphs, where it is tuned on a GPU."""
        if not self._graphed:
            return False
        self._epoch_on_gpu = self._graphed_epoch()
        self._epoch_on_gpu.capture(*self._train)
        return True

    def _graphed_epoch(self) -> torch_graph.GraphedEpoch:
        return torch_graph.GraphedEpoch(
            self._torch,
            self._compiled or self._loss_of,
            self._model,
            self._stepper,
            self._workload.recipe,
        )

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """The training loop of PyTorch's users."""
        self._model.train()
        one_epoch = self._epoch_tuned if self._tuned else self._epoch
        for epoch in range(1, epochs + 1):
            lap_seen(epoch, one_epoch())
        return self._updates - self._precision.left_out()

    def _loss_of(self, inputs: Any, labels: Any, weight: float = 1.0) -> Any:
        """The mean over these samples, times what they count of a batch that ranks share."""
        with self._precision.forward():
            loss = self._loss(self._model(inputs), labels)
        return loss if weight == 1.0 else loss * weight

    def _step(self, inputs: Any, labels: Any, weight: float = 1.0) -> Any:
        self._stepper.clear()
        loss = self._loss_of(inputs, labels, weight)
        self._stepper.step(loss, self._updates)
        self._updates += 1
        return loss.detach()

    def _epoch(self) -> float:
        total, seen = 0.0, 0
        for inputs, labels in self._loader:
            loss = self._step(inputs.to(self._device), labels.to(self._device))
            total += loss.item() * len(labels)
            seen += len(labels)
        return total / seen

    def _epoch_tuned(self) -> float:
        torch, (inputs, labels) = self._torch, self._train
        if self._graphed:
            self._updates, total = self._epoch_on_gpu.run(self._updates)
            return float(total) / len(labels)
        order = torch.randperm(len(labels), device=self._device)
        total = torch.zeros((), device=self._device)
        for some, wanted in self._batches(inputs[order], labels[order]):
            total += self._step(some, wanted) * len(wanted)
        return float(total) / len(labels)

    def _batches(self, inputs: Any, labels: Any) -> Iterator[Tuple[Any, Any]]:
        size = self._workload.recipe.batch_size
        return zip(inputs.split(size), labels.split(size))

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test inputs."""
        self._model.eval()
        loss, wrong, count = 0.0, 0, len(self._test[1])
        with self._torch.no_grad(), self._precision.forward():
            for inputs, labels in self._batches(*self._test):
                out = self._model(inputs)
                loss += self._loss(out, labels).item() * len(labels)
                wrong += int((out.argmax(-1) != labels).sum().item())
        return loss / count, wrong / self._test[1].numel()

    def attest(self) -> Tuple[str, Facts]:
        """Device of the parameters."""
        device = next(self._model.parameters()).device
        self._model.train()
        facts = {
            "products_in": self._products(),
            "torch_compile": "inductor" if self._compiled else None,
            "layout": "channels_first",
            "weights_on": str(device),
            "cuda_graphs": self._graphed,
            **lstm_code.facts(
                self._workload.network,
                lambda: lstm_code.of_gradients(self._way_of_two()),
            ),
        }
        return ("gpu" if device.type == "cuda" else "cpu"), facts

    def _products(self) -> Dict[str, int]:
        """Those of what was compiled, or of a step that is watched, by the type of factors."""
        if self._compiled:
            return self._compiled.products()
        return torch_products.formats(lambda: self._way_of_two().backward())

    def _way_of_two(self) -> Any:
        """The loss of two samples, with all that a step keeps for the way back."""
        return self._loss_of(*(part[:2] for part in self._test))


def _cross_entropy(torch: Any) -> Callable[[Any, Any], Any]:
    """The mean over a batch, and over the steps of such samples that have many; in float32."""
    of_rows = torch.nn.CrossEntropyLoss()
    return lambda out, labels: of_rows(out.flatten(0, -2).float(), labels.flatten())
