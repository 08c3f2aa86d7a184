"""Networks as Keras 3 trains them on PyTorch: ``fit`` over arrays, or over tensors."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, Tuple

from runner.backends.base import Facts
from runner.backends.common import lstm_code
from runner.backends.keras.keras3_trainer import Keras3Trainer
from runner.backends.torch import torch_products
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class TrainerOnTorch(Keras3Trainer):
    """Keras' own ``fit`` over arrays."""

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device, name = place(self._model.trainable_variables[0].value)
        of_lstm = lstm_code.facts(
            self._workload.network,
            lambda: lstm_code.of_gradients(self._model(self._test_x[:1])),
        )
        counted = torch_products.formats(lambda: self._loss_of_two().backward())
        facts = {"products_in": counted, "weights_on": name}
        return device, {**facts, **self.facts(), **of_lstm}

    def _loss_of_two(self) -> Any:
        """The loss of two samples, with all that a step keeps for the way back."""
        to_tensor = self.keras.ops.convert_to_tensor
        inputs, labels = to_tensor(self._test_x[:2]), to_tensor(self._test_y[:2])
        return self.loss_of(inputs, labels)

    def loss_of(self, inputs: Any, labels: Any) -> Any:
        """The mean loss of these samples as Keras computes it, layers and all."""
        found = self._model(inputs, training=True)
        return self._model.compute_loss(x=inputs, y=labels, y_pred=found)

    @contextmanager
    def statistics_kept(self) -> Iterator[None]:
        """What is not trained, as batches' statistics, is afterwards as it was before."""
        before = [(own, own.value.detach().clone()) for own in self._model.non_trainable_variables]
        try:
            yield
        finally:
            for own, value in before:
                own.assign(value)


class TrainerOfTensors(TrainerOnTorch):
    """Keras' own ``fit`` over a DataLoader that cuts batches out of tensors on the device."""

    def __init__(
        self, torch: Any, keras: Any, workload: NetworkWorkload, classes: Any = None
    ) -> None:
        """``classes`` are those of the layers, if not in ``keras.layers``."""
        self._torch = torch
        super().__init__(keras, workload, channels_first=True, classes=classes)

    def prepare(self, data: Arrays) -> None:
        """The training data to the device."""
        super().prepare(data)
        to_tensor = self.keras.ops.convert_to_tensor
        self._train_x, self._train_y = to_tensor(self._train_x), to_tensor(self._train_y)

    def fit_data(self) -> Dict[str, Any]:
        """Batches, in an order that is drawn on the device."""
        from torch.utils.data import DataLoader, TensorDataset

        rows = _ShuffledRows(self._torch, self._train_x, self._workload.recipe.batch_size)
        data = TensorDataset(self._train_x, self._train_y)
        return {"x": DataLoader(data, sampler=rows, batch_size=None), "shuffle": False}


class _ShuffledRows:
    """Row numbers of each batch as tensors on the device, in a new order in each epoch."""

    def __init__(self, torch: Any, inputs: Any, batch: int) -> None:
        self._torch, self._device = torch, inputs.device
        self._samples, self._batch = len(inputs), batch

    def __len__(self) -> int:
        return math.ceil(self._samples / self._batch)

    def __iter__(self) -> Iterator[Any]:
        order = self._torch.randperm(self._samples, device=self._device)
        yield from order.split(self._batch)


def place(value: Any) -> Tuple[str, str]:
    """The kind of device that a value is on, and its name."""
    kind = str(value.device.type)
    return ("gpu" if kind == "cuda" else kind), str(value.device)
