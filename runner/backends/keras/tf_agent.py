"""Q-learning with Keras 2 on TensorFlow."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from runner.backends.base import Facts
from runner.backends.keras import keras_optimizers
from runner.backends.keras.keras_agent import KerasAgent
from runner.workloads.game_workload import GameWorkload


class TensorFlowAgent(KerasAgent):
    """Channels last: the default layout."""

    def __init__(self, keras: Any, workload: GameWorkload, compile_options: Dict[str, Any]) -> None:
        optimizer = keras_optimizers.of_tensorflow(workload.recipe.optimizer, keras)
        super().__init__(keras, workload, optimizer, compile_options=compile_options)
        self._options = compile_options

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device = str(self.learner.trainable_weights[0].device)
        facts = {
            "weights_on": device,
            "layout": "channels_last",
            "jit_compile": bool(self._options.get("jit_compile")),
        }
        return ("gpu" if "GPU" in device else "cpu"), facts
