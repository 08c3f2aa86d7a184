"""Q-learning with Keras: a functional model of Q, and one of the chosen action's that learns it.

This is Keras 2; :mod:`runner.backends.keras.keras3_agent` has what differs in Keras 3.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from runner.backends.base import Facts
from runner.backends.keras import keras_layers
from runner.networks import layout
from runner.workloads.game_workload import GameWorkload


class KerasAgent:
    """What is the same whatever runs below; subclasses say where they trained (``attest``).

    The model that learns takes a state and a choice, one-hot, and gives the sum of Q times the
    choice: so ``train_on_batch`` changes Q of the chosen action alone.

    Attributes:
        q: the model from a state to Q of each action.
        copy: the same, from which targets come.
        learner: the model that learns, compiled.
    """

    def __init__(
        self,
        keras: Any,
        workload: GameWorkload,
        optimizer: Any,
        channels_first: bool = False,
        classes: Any = None,
        compile_options: Optional[Dict[str, Any]] = None,
    ) -> None:
        """Build the models and compile the one that learns.

        Args:
            keras: Keras, seeded.
            workload: what to learn.
            optimizer: Keras' own.
            channels_first: the layout that Keras is set to.
            classes: where the classes of the layers are, if not in ``keras.layers``.
            compile_options: what mode ``tuned`` adds to ``model.compile``.
        """
        self.keras, self._workload, self._channels_first = keras, workload, channels_first
        self.q, self._layers, state, values = self._model(classes or keras.layers)
        self.copy, *_ = self._model(classes or keras.layers)
        choice = keras.layers.Input((workload.rules.actions,))
        chosen = keras.layers.Multiply()([values, choice])
        value = keras.layers.Lambda(self.total, output_shape=(1,))(chosen)
        self.learner = keras.models.Model([state, choice], value)
        self.learner.compile(
            loss=keras.losses.Huber(), optimizer=optimizer, **(compile_options or {})
        )
        self.copy_target()

    def _model(self, classes: Any) -> Tuple[Any, List[Any], Any, Any]:
        """A model of Q, its layers in the network's order, its input and its output."""
        network = self._workload.network
        shape = network.input_shape
        if self._channels_first:
            shape = layout.shape_channels_first(shape)
        building = keras_layers.Building(self.keras, classes, self._channels_first)
        state = self.keras.layers.Input(shape)
        values = building.through(network.layers, network.input_shape, state)
        return self.keras.models.Model(state, values), building.made, state, values

    def total(self, values: Any) -> Any:
        """The sum over the last axis, which stays: (n, 1)."""
        return self.keras.backend.sum(values, axis=-1, keepdims=True)

    def compile(self) -> bool:
        """Nothing: what runs below compiles in the first step, where no subclass says otherwise."""
        return False

    def act(self, states: Any) -> Any:
        """Q by ``predict_on_batch``."""
        return self.q.predict_on_batch(self.inputs(states))

    def target(self, states: Any) -> Any:
        """The same of the copy."""
        return self.copy.predict_on_batch(self.inputs(states))

    def copy_target(self) -> None:
        """By the weights as arrays, as Keras' users do."""
        self.copy.set_weights(self.q.get_weights())

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update by ``train_on_batch``, which reads the loss on the host."""
        choices = self.keras.utils.to_categorical(actions, self._workload.rules.actions)
        return self.learner.train_on_batch([self.inputs(states), choices], targets[:, None])

    def inputs(self, states: Any) -> Any:
        """States as Keras takes them: float32, in its layout."""
        order = layout.channels_first(states) if self._channels_first else states
        return order.astype("float32")

    def weights(self) -> List[Any]:
        """As Keras has them: its Flatten puts channels last whatever the layout."""
        return [array for layer in self._layers for array in layer.get_weights()]

    def attest(self) -> Tuple[str, Facts]:
        """Device, and how it learned."""
        raise NotImplementedError
