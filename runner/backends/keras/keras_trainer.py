"""A network as Keras trains it: the model, the recipe and ``fit``, as its users write them.

This is Keras 2; :mod:`runner.backends.keras.keras3_trainer` has what differs in Keras 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Optional, Tuple

from runner.backends.base import Facts, LapSeen
from runner.backends.common import lstm_code
from runner.backends.keras import (
    keras_attention,
    keras_layers,
    keras_optimizers,
    keras_precision,
)
from runner.networks import layout
from runner.networks.optimizers import AdamW
from runner.workloads.network_workload import NetworkWorkload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class KerasTrainer:
    """What is the same whatever runs below; subclasses say where they trained (``attest``)."""

    replicas = 1

    def __init__(
        self,
        keras: Any,
        workload: NetworkWorkload,
        channels_first: bool = False,
        classes: Any = None,
        compile_options: Optional[Dict[str, Any]] = None,
    ) -> None:
        """Build and compile the model.

        Args:
            keras: Keras, seeded.
            workload: what to train.
            channels_first: the layout that Keras is set to.
            classes: where the classes of the layers are, if not in ``keras.layers``.
            compile_options: what mode ``tuned`` adds to ``model.compile``.
        """
        self.keras, self._workload, self._channels_first = keras, workload, channels_first
        network = workload.network
        shape = network.input_shape
        if channels_first:
            shape = layout.shape_channels_first(shape)
        building = keras_layers.Building(keras, classes or keras.layers, channels_first)
        inputs = keras.layers.Input(shape, dtype=network.input_type)
        outputs = building.through(network.layers, network.input_shape, inputs)
        model = keras.models.Model(inputs, outputs)
        optimizer = self.optimizer()
        if isinstance(workload.recipe.optimizer, AdamW):
            flat = [weight for weight in model.trainable_weights if len(weight.shape) < 2]
            optimizer.exclude_from_weight_decay(var_list=flat)
        # A label for each step, one-hot, would be many times as large as the text.
        self._steps = len(network.shapes()[-1]) > 1
        model.compile(
            loss=f"{'sparse_' if self._steps else ''}categorical_crossentropy",
            optimizer=keras_precision.scaling(keras, optimizer),
            metrics=["accuracy"],
            **(compile_options or {}),
        )
        self._model, self._layers = model, building.made

    def optimizer(self) -> Any:
        """That of the recipe."""
        return keras_optimizers.of_keras2(self._workload.recipe.optimizer, self.keras.optimizers)

    def prepare(self, data: Arrays) -> None:
        """Pictures in the layout that Keras is set to, labels to one-hot, but of steps."""
        order = layout.channels_first if self._channels_first else _as_it_is
        self._train_x, self._test_x = order(data.train_inputs), order(data.test_inputs)
        if self._steps:
            self._train_y, self._test_y = data.train_labels, data.test_labels
            return
        one_hot = self.keras.utils.to_categorical
        self._train_y = one_hot(data.train_labels, self._workload.classes)
        self._test_y = one_hot(data.test_labels, self._workload.classes)

    def handover(self) -> List[Any]:
        """As Keras has them: its Flatten puts channels last whatever the layout."""
        return self._as_stated(lambda own: own.get_weights())

    def _as_stated(self, read: Callable[[Any], List[Any]]) -> List[Any]:
        """What ``read`` finds of each layer of Keras, as the network states it."""
        # A model's own order follows its graph, which is not that of the network.
        leaves = self._workload.network.leaves()
        weighty = [layer for layer, inputs in leaves if layer.weights(inputs)]
        return [
            array
            for layer, own in zip(weighty, self._layers)
            for array in keras_attention.as_stated(layer, read(own))
        ]

    def compile(self) -> bool:
        """Nothing: what runs below compiles in the first step, where no subclass says otherwise."""
        return False

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """``model.fit`` as a user calls it; Keras reads the loss on the host after each epoch."""

        class Watch(self.keras.callbacks.Callback):  # type: ignore[name-defined,misc]
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                lap_seen(epoch + 1, float((logs or {})["loss"]))

        self._model.fit(**self.fit_data(), epochs=epochs, verbose=0, callbacks=[Watch()])
        return self._iterations()

    def fit_data(self) -> Dict[str, Any]:
        """The training data as ``model.fit`` takes it: as written, NumPy arrays in memory."""
        return {
            "x": self._train_x,
            "y": self._train_y,
            "batch_size": self._workload.recipe.batch_size,
        }

    def _iterations(self) -> int:
        """Updates performed, as the optimiser itself counted them."""
        return int(self.keras.backend.get_value(self._model.optimizer.iterations))

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test inputs."""
        loss, accuracy = self._model.evaluate(
            self._test_x, self._test_y, batch_size=self.evaluation_batch(), verbose=0
        )
        return float(loss), 1.0 - float(accuracy)

    def evaluation_batch(self) -> int:
        """That of training, as users write it."""
        return self._workload.recipe.batch_size

    def lstm_facts(self, gone_through: Callable[[Callable[[], Any]], Iterable[str]]) -> Facts:
        """Whose LSTM it was, by the names of what evaluating few samples goes through."""
        few = self.replicas  # Keras 3 fails where one of them gets none

        def evaluate() -> None:
            self._model.evaluate(self._test_x[:few], self._test_y[:few], verbose=0)

        return lstm_code.facts(
            self._workload.network, lambda: lstm_code.of_names(gone_through(evaluate))
        )


def _as_it_is(inputs: Any) -> Any:
    return inputs
