"""Q-learning with Keras 2 on Theano."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, List, Tuple

from runner.backends.base import Facts
from runner.backends.keras import keras_optimizers
from runner.backends.keras.keras_agent import KerasAgent
from runner.backends.keras.theano_kernels import correlating
from runner.backends.theano import theano_gpu
from runner.workloads.game_workload import GameWorkload


class TheanoAgent(KerasAgent):
    """Keras 2, whose functions Theano compiles ahead of training; channels first.

    Theano's own ReLU, (x + |x|) / 2, has the slope 1/2 at 0, those of all other tools 0. Here that
    shows: where a game's picture is blank, a filter whose bias begins with 0 gives exactly 0.
    """

    def __init__(self, theano: Any, keras: Any, workload: GameWorkload) -> None:
        self._theano = theano
        optimizer = keras_optimizers.of_keras2(workload.recipe.optimizer, keras.optimizers)
        classes = _with_flat_start(theano, keras.layers)
        super().__init__(keras, workload, optimizer, channels_first=True, classes=classes)

    def compile(self) -> bool:
        """Generate and compile the C++ of all three functions, as the loop would do lazily."""
        self.learner._make_train_function()
        self.q._make_predict_function()
        self.copy._make_predict_function()
        return True

    def weights(self) -> List[Any]:
        """As Keras has them, but for what Theano turns."""
        layers = self._workload.network.by_leaf(super().weights())
        return [array for layer, arrays in layers for array in correlating(layer, arrays)]

    def attest(self) -> Tuple[str, Facts]:
        """Where the compiled update runs, and with which operations."""
        names = theano_gpu.operations(self.learner.train_function.function)
        return theano_gpu.attested(self._theano, names)


def _with_flat_start(theano: Any, layers: Any) -> Any:
    """``keras.layers`` whose ReLU has the slope 0 at 0."""

    def relu(x: Any) -> Any:
        return theano.tensor.switch(x > 0, x, theano.tensor.zeros_like(x))

    def own(activation: Any) -> Any:
        return relu if activation == "relu" else activation

    class Conv2D(layers.Conv2D):  # type: ignore[misc]
        def __init__(self, *words: Any, activation: Any = None, **options: Any) -> None:
            super().__init__(*words, activation=own(activation), **options)

    class Dense(layers.Dense):  # type: ignore[misc]
        def __init__(self, *words: Any, activation: Any = None, **options: Any) -> None:
            super().__init__(*words, activation=own(activation), **options)

    return SimpleNamespace(**{**vars(layers), "Conv2D": Conv2D, "Dense": Dense})
