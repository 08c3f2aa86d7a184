"""Backend ``keras3-torch``: Keras 3 on PyTorch."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from runner.backends import torch_device
from runner.backends.keras3 import Keras3
from runner.contract import Job


class Keras3OnTorch(Keras3):
    """Channels last as written: the default of Keras, which turns them for PyTorch at each step."""

    below = "torch"

    def configure(self, job: Job) -> None:
        """Keras, and what PyTorch reads at import."""
        super().configure(job)
        torch_device.configure(job)

    def start(self, job: Job) -> None:
        """Import PyTorch, then Keras on it."""
        import torch

        self._torch = torch
        torch_device.start(torch, job)
        self.import_keras(job)

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of a trained weight, live versions, and what both say of themselves."""
        device = self._model.trainable_variables[0].value.device
        facts = {"weights_on": str(device), **self.facts(), **torch_device.facts(self._torch)}
        kind = "gpu" if device.type == "cuda" else str(device.type)
        return kind, self.versions(self._torch), facts


def create() -> Keras3OnTorch:
    """The backend that train.py drives."""
    return Keras3OnTorch()
