"""Backend ``torch``: PyTorch without a high-level API, as its quickstart teaches the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from runner.backends.base import EpochSeen
from runner.backends.common import malloc
from runner.backends.torch import torch_device, torch_graph
from runner.contract.job import Job
from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool, Network
from runner.networks.layout import from_outputs_first
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays


class Torch:
    """PyTorch, channels first: its default layout.

    As written: a DataLoader over a TensorDataset, each batch moved to the device, its loss read on
    the host. Tuned: the data on the device, shuffled there, nothing read before the end of an
    epoch; on a GPU each step is one CUDA graph, on a CPU freed memory is kept.

    ``torch.optim.SGD`` multiplies its momentum by the learning rate of the present update, the
    recipe by those of the past ones. With a learning rate of 1 and gradients that backward has
    multiplied by the recipe's rate both are the same: v = m v + rate g; w = w - v.
    """

    def configure(self, job: Job) -> None:
        """What PyTorch reads at import."""
        self._tuned = job.settings.mode == "tuned"
        self._keeps_memory = self._tuned and job.device == "cpu" and malloc.keep_freed()
        torch_device.configure(job)

    def start(self, job: Job) -> None:
        """Import PyTorch; set TF32, threads and device."""
        import torch

        self._torch = torch
        torch_device.start(torch, job)
        self._device = torch.device("cuda" if job.device == "gpu" else "cpu")
        # Times the algorithms of cuDNN once and keeps the fastest: documented, not the default.
        torch.backends.cudnn.benchmark = self._tuned
        # CUDA graphs live on memory of the caching allocator.
        pool = job.settings.memory_pool.mode
        self._graphed = self._tuned and job.device == "gpu" and pool != "off"

    def build(self, job: Job, workload: Workload) -> int:
        """Translate the network; Glorot's uniform initialiser, as the recipe has it."""
        self._workload, torch = workload, self._torch
        torch.manual_seed(job.seed)
        self._model = torch.nn.Sequential(*_translate(torch.nn, workload.network)).to(self._device)
        for parameter in self._model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.xavier_uniform_(parameter)
            else:
                torch.nn.init.zeros_(parameter)
        self._loss = torch.nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(
            self._model.parameters(), lr=1.0, momentum=workload.recipe.momentum
        )
        self._updates = 0
        return sum(parameter.numel() for parameter in self._model.parameters())

    def prepare(self, data: Arrays) -> None:
        """Images to float32 (n, 1, h, w), labels as class numbers; tuned, both on the device."""
        torch, size = self._torch, self._workload.recipe.batch_size
        train, test = [
            (torch.from_numpy(images[:, None]), torch.from_numpy(labels))
            for images, labels in (
                (data.train_images, data.train_labels),
                (data.test_images, data.test_labels),
            )
        ]
        self._test = [part.to(self._device) for part in test]
        if self._tuned:
            self._train = [part.to(self._device) for part in train]
        else:
            dataset = torch.utils.data.TensorDataset(*train)
            self._loader = torch.utils.data.DataLoader(dataset, batch_size=size, shuffle=True)

    def weights(self) -> List[Any]:
        """PyTorch has outputs and channels first."""
        values = [value.detach().cpu().numpy() for value in self._model.parameters()]
        return [value.copy() for value in from_outputs_first(self._workload.network, values)]

    def compile(self) -> bool:
        """Capture the training step as CUDA graphs, where it is tuned on a GPU."""
        if not self._graphed:
            return False
        self._epoch_on_gpu = torch_graph.GraphedEpoch(
            self._torch, self._model, self._loss, self._optimizer, self._workload.recipe
        )
        self._epoch_on_gpu.capture(*self._train)
        return True

    def fit(self, epochs: int, epoch_seen: EpochSeen) -> int:
        """The training loop of PyTorch's users."""
        self._model.train()
        one_epoch = self._epoch_tuned if self._tuned else self._epoch
        for epoch in range(1, epochs + 1):
            epoch_seen(epoch, one_epoch())
        return self._updates

    def _step(self, images: Any, labels: Any) -> Any:
        rate = self._workload.recipe.rate(self._updates)
        loss = self._loss(self._model(images), labels)
        loss.backward(gradient=self._torch.full_like(loss, rate))
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._updates += 1
        return loss.detach()

    def _epoch(self) -> float:
        total, seen = 0.0, 0
        for images, labels in self._loader:
            loss = self._step(images.to(self._device), labels.to(self._device))
            total += loss.item() * len(labels)
            seen += len(labels)
        return total / seen

    def _epoch_tuned(self) -> float:
        torch, (images, labels) = self._torch, self._train
        if self._graphed:
            self._updates, loss = self._epoch_on_gpu.run(self._updates)
            return loss
        order = torch.randperm(len(labels), device=self._device)
        total = torch.zeros((), device=self._device)
        for some, wanted in self._batches(images[order], labels[order]):
            total += self._step(some, wanted) * len(wanted)
        return float(total) / len(labels)

    def _batches(self, images: Any, labels: Any) -> Iterator[Tuple[Any, Any]]:
        size = self._workload.recipe.batch_size
        return zip(images.split(size), labels.split(size))

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test images."""
        self._model.eval()
        loss, wrong, count = 0.0, 0, len(self._test[1])
        with self._torch.no_grad():
            for images, labels in self._batches(*self._test):
                out = self._model(images)
                loss += self._loss(out, labels).item() * len(labels)
                wrong += int((out.argmax(1) != labels).sum().item())
        return loss / count, wrong / count

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of the parameters, live versions, and what PyTorch says of itself."""
        import numpy

        torch = self._torch
        device = next(self._model.parameters()).device
        facts: Dict[str, Any] = {
            "layout": "channels_first",
            "weights_on": str(device),
            "cuda_graphs": self._graphed,
            "freed_memory_kept": self._keeps_memory,
            "cudnn_benchmark": bool(torch.backends.cudnn.benchmark),
            **torch_device.facts(torch),
        }
        # A build's own mark (2.13.0+cpu) is not part of the version that is pinned.
        release = str(torch.__version__).partition("+")[0]
        versions = {"torch": release, "numpy": numpy.__version__}
        return ("gpu" if device.type == "cuda" else "cpu"), versions, facts


def _translate(nn: Any, network: Network) -> Iterator[Any]:
    for layer, (inputs, *_) in zip(network.layers, _channels_first(network)):
        if isinstance(layer, Conv):
            yield nn.Conv2d(inputs, layer.filters, layer.kernel)
        elif isinstance(layer, MaxPool):
            yield nn.MaxPool2d(layer.size)
        elif isinstance(layer, Dropout):
            yield nn.Dropout(layer.rate)
        elif isinstance(layer, Flatten):
            yield nn.Flatten()
        elif isinstance(layer, Dense):
            yield nn.Linear(inputs, layer.units)
        else:
            raise TypeError(f"PyTorch has no translation of {type(layer).__name__} yet")
        # Softmax is in the loss, as PyTorch's users have it.
        if isinstance(layer, (Conv, Dense)) and layer.activation == "relu":
            yield nn.ReLU()


def _channels_first(network: Network) -> List[Tuple[int, ...]]:
    return [(shape[-1], *shape[:-1]) for shape in network.shapes()]


def create() -> Torch:
    """The backend that the trainer drives."""
    return Torch()
