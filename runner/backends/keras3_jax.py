"""Backend ``keras3-jax``: Keras 3 on JAX."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from runner.backends import jax_device
from runner.backends.keras3 import Keras3
from runner.contract import Job


class Keras3OnJax(Keras3):
    """Channels last: the default of Keras."""

    below = "jax"

    def configure(self, job: Job) -> None:
        """Keras, and what JAX reads when it looks for devices."""
        super().configure(job)
        jax_device.configure(job)

    def start(self, job: Job) -> None:
        """Import JAX, then Keras on it."""
        import jax

        self._jax = jax
        jax_device.start(jax, job)
        self.import_keras(job)

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device of a trained weight, live versions, and what both say of themselves."""
        import jaxlib

        (device,) = self._model.trainable_variables[0].value.devices()
        facts = {"weights_on": str(device), **self.facts(), **jax_device.facts(self._jax)}
        return str(device.platform), self.versions(self._jax, jaxlib), facts


def create() -> Keras3OnJax:
    """The backend that train.py drives."""
    return Keras3OnJax()
