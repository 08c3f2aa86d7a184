"""What the backends of Keras 2 and 3 share before a model is there."""

from __future__ import annotations

import random
from typing import Any, Optional, Tuple, Type

from runner.backends.common import translation
from runner.backends.keras import keras_layers, keras_optimizers
from runner.networks.layers import Layer
from runner.workloads.workload import Workload


class KerasBackend:
    """Subclasses set ``keras`` in ``start``; ``optimizers`` are the translations of them.

    ``lacks`` are the layers that this Keras does not have.
    """

    keras: Any
    lacks: Tuple[Type[Layer], ...] = ()
    optimizers: Any = staticmethod(keras_optimizers.of_keras2)

    def supports(self, workload: Workload) -> Optional[str]:
        """All networks whose layers are translated."""
        return translation.missing(
            "Keras", workload, keras_layers.translated, self.optimizers, self.lacks
        )

    def seed(self, seed: int) -> None:
        """Seed every generator that initialisers, dropout and shuffling draw from."""
        import numpy

        random.seed(seed)
        numpy.random.seed(seed)
